import ZooCore

/// Changes a text before it is cut into pieces.
protocol Normalizer: Sendable {
  func normalize(_ text: [Unicode.Scalar], _ budget: Budget) throws -> [Unicode.Scalar]
}

/// The normalizer that `settings` describe.
///
/// - Throws: `ZooError`: `unsupported` for a type that is unknown here, `badData` for settings that make no sense.
func makeNormalizer(_ settings: Settings) throws -> any Normalizer {
  switch try settings.text("type") {
  case "BertNormalizer": try BertNormalizer(settings)
  case "Lowercase": Lowercase()
  case "NFC": try UnicodeForm.nfc.checked()
  case "NFD": try UnicodeForm.nfd.checked()
  case "NFKC": try UnicodeForm.nfkc.checked()
  case "NFKD": try UnicodeForm.nfkd.checked()
  case "StripAccents": StripAccents()
  case "Strip": try Strip(settings)
  case "Replace": try Replace(settings)
  case "Prepend": try Prepend(settings)
  case "ByteLevel": ByteLevelNormalizer()
  case "Sequence": try NormalizerSequence(settings)
  case let type: throw settings.unknown("normalizer", type)
  }
}
