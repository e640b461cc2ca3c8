import ZooCore

/// Makes text of tokens. Tokens and texts are UTF-8, or what a model made of it.
protocol TokenDecoder: Sendable {
  func decode(_ tokens: [[UInt8]], _ budget: Budget) throws -> [[UInt8]]

  /// The bytes that a token stands for wherever it is; `nil` for one whose text depends on its place.
  func bytes(of token: [UInt8]) -> [UInt8]?
}

extension TokenDecoder {
  func bytes(of token: [UInt8]) -> [UInt8]? { nil }
}

/// The decoder that `settings` describe.
///
/// - Throws: `ZooError`: `unsupported` for a type that is unknown here, `badData` for settings that make no sense.
func makeDecoder(_ settings: Settings) throws -> any TokenDecoder {
  switch try settings.text("type") {
  case "ByteLevel": ByteLevelDecoder()
  case "WordPiece": try WordPieceDecoder(settings)
  case "BPEDecoder": try BPEDecoder(settings)
  case "Metaspace": try Metaspace(settings)
  case "Replace": try Replace(settings)
  case "Fuse": FuseDecoder()
  case "ByteFallback": ByteFallbackDecoder()
  case "Strip": try StripDecoder(settings)
  case "Sequence": try DecoderSequence(settings)
  case let type: throw settings.unknown("decoder", type)
  }
}
