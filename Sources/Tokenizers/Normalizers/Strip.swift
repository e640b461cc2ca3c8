/// Drops white space at the ends.
struct Strip: Normalizer {
  private let left: Bool
  private let right: Bool

  init(_ settings: Settings) throws {
    left = try settings.bool("strip_left", default: true)
    right = try settings.bool("strip_right", default: true)
  }

  func normalize(_ text: [Unicode.Scalar], _ budget: Budget) -> [Unicode.Scalar] {
    var part = text[...]
    if left { part = part.drop(while: \.isWhiteSpace) }
    if right { while part.last?.isWhiteSpace == true { part.removeLast() } }
    return Array(part)
  }
}
