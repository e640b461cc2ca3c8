/// One normalizer after the other.
struct NormalizerSequence: Normalizer {
  private let normalizers: [any Normalizer]

  init(_ settings: Settings) throws { normalizers = try settings.components("normalizers").map(makeNormalizer) }

  func normalize(_ text: [Unicode.Scalar], _ budget: Budget) throws -> [Unicode.Scalar] {
    try normalizers.reduce(text) { text, step in
      try budget.spend(text.count + 1)
      return try step.normalize(text, budget)
    }
  }
}
