/// A character for each byte of the text.
struct ByteLevelNormalizer: Normalizer {
  func normalize(_ text: [Unicode.Scalar], _ budget: Budget) -> [Unicode.Scalar] { ByteCharacters.characters(of: text) }
}
