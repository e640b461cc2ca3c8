/// Puts a text before every text that is not empty.
struct Prepend: Normalizer {
  private let beginning: [Unicode.Scalar]

  init(_ settings: Settings) throws { beginning = try Array(settings.text("prepend").unicodeScalars) }

  func normalize(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] { text.isEmpty ? text : beginning + text }
}
