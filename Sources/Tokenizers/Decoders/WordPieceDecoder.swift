/// Joins words of their pieces, with spaces between words but not before punctuation.
struct WordPieceDecoder: TokenDecoder {
  private let prefix: [UInt8]
  private let cleansUp: Bool

  init(_ settings: Settings) throws {
    prefix = try Array((settings.optionalText("prefix") ?? "##").utf8)
    cleansUp = try settings.bool("cleanup", default: true)
  }

  /// What is written for what, in English.
  private static let cleanups: [(pattern: Pattern, replacement: [UInt8])] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
    (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ].map { (.text(Array($0.0.utf8)), Array($0.1.utf8)) }

  func decode(_ tokens: [[UInt8]], _ budget: Budget) throws -> [[UInt8]] {
    try tokens.enumerated().map { index, token in
      var text = token
      if index > 0 { text = token.starts(with: prefix) ? Array(token.dropFirst(prefix.count)) : [0x20] + token }
      guard cleansUp else { return text }
      return try Self.cleanups.reduce(text) { try $1.pattern.replace(in: $0, with: $1.replacement, budget) }
    }
  }
}
