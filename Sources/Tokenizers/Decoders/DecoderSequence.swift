/// One decoder after the other.
struct DecoderSequence: TokenDecoder {
  private let decoders: [any TokenDecoder]

  init(_ decoders: [any TokenDecoder]) { self.decoders = decoders }

  init(_ settings: Settings) throws { decoders = try settings.components("decoders").map(makeDecoder) }

  func bytes(of token: [UInt8]) -> [UInt8]? { decoders.lazy.compactMap { $0.bytes(of: token) }.first }

  func decode(_ tokens: [[UInt8]], _ budget: Budget) throws -> [[UInt8]] {
    try decoders.reduce(tokens) { tokens, step in
      try budget.spend(tokens.reduce(1) { $0 + $1.count + 1 })
      return try step.decode(tokens, budget)
    }
  }
}
