/// The same bytes under another shape and, maybe, as elements of another type.
private struct ReshapedTensor: TensorSource {
  let stored: StoredTensor

  func load(type: ElementType, shape: [Int]) throws -> Tensor {
    if type == stored.type { return try stored.load().reshaped(shape) }
    return try Tensor(type: type, shape: shape) { try stored.read(into: $0) }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try stored.read(into: bytes)
  }
  var readsInPieces: Bool { stored.readsInPieces }
  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    try stored.read(into: bytes, at: offset)
  }
}

extension StoredTensor {
  /// The same elements under another shape of the same size.
  package func reshaped(_ shape: [Int]) throws -> StoredTensor { try reinterpreted(as: type, shape) }

  /// The same bytes as elements of another type.
  ///
  /// - Throws: `ZooError` (`badData`) for a shape that takes another number of bytes.
  package func reinterpreted(as type: ElementType, _ shape: [Int]) throws -> StoredTensor {
    guard try type == .string || Tensor.byteCount(type: type, shape: shape) == byteCount else {
      throw ZooError(.badData, "\(byteCount) bytes are not what \(type.name) of shape \(shape) takes")
    }
    return try StoredTensor(type: type, shape: shape, source: ReshapedTensor(stored: self))
  }
}
