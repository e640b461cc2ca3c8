import ZooCore

/// Makes tokens of a piece of text.
protocol TokenModel: Sendable {
  var vocabulary: Vocabulary { get }
  /// Adds the tokens of `piece`, which is not empty, to `ids`.
  func tokenize(_ piece: ArraySlice<Unicode.Scalar>, into ids: inout [Int32], _ budget: Budget) throws
}

/// The model that `settings` describe. Older files leave its type open.
///
/// - Throws: `ZooError`: `unsupported` for a type that is unknown here, `badData` for settings that make no sense.
func makeModel(_ settings: Settings) throws -> any TokenModel {
  let type =
    try settings.optionalText("type")
    ?? (settings.value("merges") != nil
      ? "BPE"
      : settings.value("max_input_chars_per_word") != nil
        ? "WordPiece" : settings.value("vocab")?.list != nil ? "Unigram" : "WordLevel")
  return switch type {
  case "BPE": try BPE(settings)
  case "WordPiece": try WordPiece(settings)
  case "WordLevel": try WordLevel(settings)
  case "Unigram": try Unigram(settings)
  default: throw settings.unknown("model", type)
  }
}
