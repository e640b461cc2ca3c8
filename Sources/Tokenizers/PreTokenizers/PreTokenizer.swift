import ZooCore

/// Cuts a text into pieces that no token crosses.
protocol PreTokenizer: Sendable {
  /// Adds the parts of `piece` to `pieces`.
  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) throws
}

/// The pre-tokenizer that `settings` describe.
///
/// - Throws: `ZooError`: `unsupported` for a type that is unknown here, `badData` for settings that make no sense.
func makePreTokenizer(_ settings: Settings) throws -> any PreTokenizer {
  switch try settings.text("type") {
  case "BertPreTokenizer": BertPreTokenizer()
  case "ByteLevel": try ByteLevelPreTokenizer(settings)
  case "Whitespace": WhitespacePreTokenizer()
  case "WhitespaceSplit": WhitespaceSplit()
  case "Metaspace": try Metaspace(settings)
  case "Split": try SplitPreTokenizer(settings)
  case "Punctuation": try PunctuationPreTokenizer(settings)
  case "Digits": try DigitsPreTokenizer(settings)
  case "CharDelimiterSplit": try DelimiterSplit(settings)
  case "Sequence": try PreTokenizerSequence(settings)
  case let type: throw settings.unknown("pre-tokenizer", type)
  }
}

extension PreTokenizer {
  /// The ranges of the single characters that fulfil a condition.
  func characters(of piece: Piece, where condition: (Unicode.Scalar) -> Bool) -> [Range<Int>] {
    piece.scalars.indices.filter { condition(piece.scalars[$0]) }.map { $0..<$0 + 1 }
  }
}
