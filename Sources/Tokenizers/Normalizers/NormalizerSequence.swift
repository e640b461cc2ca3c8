/// One normalizer after the other.
struct NormalizerSequence: Normalizer {
  private let normalizers: [any Normalizer]

  init(_ settings: Settings) throws { normalizers = try settings.components("normalizers").map(makeNormalizer) }

  func normalize(_ text: [Unicode.Scalar]) throws -> [Unicode.Scalar] {
    try normalizers.reduce(text) { try $1.normalize($0) }
  }
}
