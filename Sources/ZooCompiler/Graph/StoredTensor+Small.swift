import ZooCore

extension StoredTensor {
  /// Shapes, axes, bounds: small enough to load while shapes are inferred.
  package var isWorthKnowing: Bool {
    switch type {
    case .int64, .int32, .bool, .string: shape.reduce(1, *) <= 1 << 14
    default: shape.reduce(1, *) <= 1 << 10
    }
  }

  /// A small constant in memory, since all plans ask for it many times; any other as it is.
  func loadedIfSmall(_ name: String) throws -> StoredTensor {
    guard isWorthKnowing else { return self }
    return try ZooError.locating("constant \"\(name)\"") { StoredTensor(try load(), identity: identity) }
  }
}
