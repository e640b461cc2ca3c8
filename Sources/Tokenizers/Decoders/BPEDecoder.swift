/// Ends words where tokens have the suffix that says so.
struct BPEDecoder: TokenDecoder {
  private let suffix: Pattern

  init(_ settings: Settings) throws { suffix = .text(try Array((settings.optionalText("suffix") ?? "</w>").utf8)) }

  func decode(_ tokens: [[UInt8]], _ budget: Budget) throws -> [[UInt8]] {
    try tokens.enumerated().map { index, token in
      try suffix.replace(in: token, with: index == tokens.count - 1 ? [] : [0x20], budget)
    }
  }
}
