/// One decoder after the other.
struct DecoderSequence: TokenDecoder {
  private let decoders: [any TokenDecoder]

  init(_ settings: Settings) throws { decoders = try settings.components("decoders").map(makeDecoder) }

  func decode(_ tokens: [[UInt8]]) throws -> [[UInt8]] { try decoders.reduce(tokens) { try $1.decode($0) } }
}
