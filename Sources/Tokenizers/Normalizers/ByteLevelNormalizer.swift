/// A character for each byte of the text.
struct ByteLevelNormalizer: Normalizer {
  func normalize(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] { ByteCharacters.characters(of: text) }
}
