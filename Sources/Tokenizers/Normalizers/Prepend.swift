/// Puts a text before every text that is not empty.
struct Prepend: Normalizer {
  private let beginning: [Unicode.Scalar]

  init(_ settings: Settings) throws { beginning = try Array(settings.text("prepend").unicodeScalars) }

  func normalize(_ text: [Unicode.Scalar], _ budget: Budget) throws -> [Unicode.Scalar] {
    guard !text.isEmpty else { return text }
    try budget.spend(beginning.count)
    return beginning + text
  }
}
