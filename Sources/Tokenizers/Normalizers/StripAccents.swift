/// Drops combining marks; NFD goes before it.
struct StripAccents: Normalizer {
  func normalize(_ text: [Unicode.Scalar], _ budget: Budget) -> [Unicode.Scalar] { text.filter { !$0.isMark } }
}
