/// One post-processor after the other.
struct PostProcessorSequence: PostProcessor {
  private let steps: [any PostProcessor]

  init(_ settings: Settings) throws { steps = try settings.components("processors").map(makePostProcessor) }

  func process(_ parts: [Encoding], _ budget: Budget) throws -> [Encoding] {
    try steps.reduce(parts) { parts, step in
      try budget.spend(parts.reduce(1) { $0 + $1.ids.count })
      return try step.process(parts, budget)
    }
  }

  func addedCount(isPair: Bool) -> Int { steps.reduce(0) { $0 + $1.addedCount(isPair: isPair) } }
}
