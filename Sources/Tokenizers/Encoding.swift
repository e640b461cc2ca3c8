/// The tokens of a text, or of two.
package struct Encoding: Sendable, Hashable {
  package internal(set) var ids: [Int32] = []
  /// 0 for tokens of the first text, 1 for those of the second, as models with token types (BERT) take them.
  package internal(set) var typeIDs: [Int32] = []
  /// How many tokens at the beginning are padding.
  package internal(set) var leftPadding = 0
  /// How many tokens at the end are padding.
  package internal(set) var rightPadding = 0

  init() {}

  init(_ ids: [Int32], typeID: Int32) { append(ids, typeID: typeID) }

  /// 1 for each token, 0 for padding.
  package var attentionMask: [Int32] {
    ids.indices.map { $0 < leftPadding || $0 >= ids.count - rightPadding ? 0 : 1 }
  }

  mutating func append(_ more: [Int32], typeID: Int32) {
    ids += more
    typeIDs += repeatElement(typeID, count: more.count)
  }

  mutating func append(_ other: Encoding) {
    ids += other.ids
    typeIDs += other.typeIDs
  }

  /// Keeps `count` tokens.
  mutating func truncate(to count: Int, from side: TokenizerSide) {
    switch side {
    case .left:
      ids = Array(ids.suffix(count))
      typeIDs = Array(typeIDs.suffix(count))
    case .right:
      ids = Array(ids.prefix(count))
      typeIDs = Array(typeIDs.prefix(count))
    }
  }
}

/// An end of a text.
package enum TokenizerSide: String, Sendable, Hashable {
  case left = "Left"
  case right = "Right"

  init(_ settings: Settings) throws {
    guard let name = try settings.optionalText("direction") else {
      self = .right
      return
    }
    guard let side = TokenizerSide(rawValue: name) else { throw settings.unknown("direction", name) }
    self = side
  }
}
