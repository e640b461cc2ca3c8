import ZooCore

/// Puts special tokens around one text, or around and between two.
protocol PostProcessor: Sendable {
  /// `parts` are one or two texts' tokens.
  func process(_ parts: [Encoding], _ budget: Budget) throws -> [Encoding]
  /// How many tokens are added.
  func addedCount(isPair: Bool) -> Int
}

/// The post-processor that `settings` describe.
///
/// - Throws: `ZooError`: `unsupported` for a type that is unknown here, `badData` for settings that make no sense.
func makePostProcessor(_ settings: Settings) throws -> any PostProcessor {
  switch try settings.text("type") {
  case "TemplateProcessing": try TemplateProcessing(settings)
  case "BertProcessing": try PairProcessing.bert(settings)
  case "RobertaProcessing": try PairProcessing.roberta(settings)
  case "ByteLevel": ByteLevelPostProcessor()
  case "Sequence": try PostProcessorSequence(settings)
  case let type: throw settings.unknown("post-processor", type)
  }
}
