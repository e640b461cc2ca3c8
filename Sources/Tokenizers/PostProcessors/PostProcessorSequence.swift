/// One post-processor after the other.
struct PostProcessorSequence: PostProcessor {
  private let steps: [any PostProcessor]

  init(_ settings: Settings) throws { steps = try settings.components("processors").map(makePostProcessor) }

  func process(_ parts: [Encoding]) -> [Encoding] { steps.reduce(parts) { $1.process($0) } }

  func addedCount(isPair: Bool) -> Int { steps.reduce(0) { $0 + $1.addedCount(isPair: isPair) } }
}
