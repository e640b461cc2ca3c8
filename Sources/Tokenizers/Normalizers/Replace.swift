/// Puts a text in the place of each match of a pattern.
struct Replace: Normalizer, TokenDecoder {
  private let pattern: Pattern
  private let replacement: [UInt8]

  init(_ pattern: Pattern, with replacement: [UInt8]) { (self.pattern, self.replacement) = (pattern, replacement) }

  init(_ settings: Settings) throws {
    pattern = try Pattern(settings, "pattern")
    replacement = try Array(settings.text("content").utf8)
  }

  func normalize(_ text: [Unicode.Scalar], _ budget: Budget) throws -> [Unicode.Scalar] {
    Array(utf8: try pattern.replace(in: text.utf8, with: replacement, budget))
  }

  func decode(_ tokens: [[UInt8]], _ budget: Budget) throws -> [[UInt8]] {
    try tokens.map { try pattern.replace(in: $0, with: replacement, budget) }
  }
}
