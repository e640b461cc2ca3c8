/// The same elements under another shape.
private struct ReshapedTensor: TensorSource {
  let stored: StoredTensor

  func load(type: ElementType, shape: [Int]) throws -> Tensor { try stored.load().reshaped(shape) }
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
  package func reshaped(_ shape: [Int]) throws -> StoredTensor {
    try StoredTensor(type: type, shape: shape, source: ReshapedTensor(stored: self))
  }
}
