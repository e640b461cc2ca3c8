/// A tensor that may still lie in a file: its type and shape are known, its elements are read on demand.
public struct StoredTensor: Sendable {
  public let type: ElementType
  public let shape: [Int]
  let source: any TensorSource
  /// What copies of one stored tensor have in common.
  package let identity: TensorIdentity

  /// Where the elements come from, for a format that knows its own.
  package var origin: any TensorSource { source.origin }

  /// Bytes of the elements; 0 for strings.
  public var byteCount: Int { type.byteCount(of: shape.reduce(1, *)) ?? 0 }

  /// A tensor in memory.
  public init(_ tensor: Tensor) { self.init(tensor, identity: TensorIdentity()) }

  /// A tensor in memory whose elements are those of all others with this identity.
  package init(_ tensor: Tensor, identity: TensorIdentity) {
    type = tensor.type
    shape = tensor.shape
    source = ResidentTensor(tensor: tensor)
    self.identity = identity
  }

  /// A tensor that `source` reads.
  ///
  /// - Throws: `ZooError` (`badData`) for a shape that no memory can hold.
  package init(type: ElementType, shape: [Int], source: any TensorSource) throws {
    _ = try Tensor.byteCount(type: type, shape: shape)
    self.type = type
    self.shape = shape
    self.source = source
    identity = TensorIdentity()
  }

  /// `tensor` under the identity of others that have the same elements.
  package init(_ tensor: StoredTensor, identity: TensorIdentity) {
    (type, shape, source, self.identity) = (tensor.type, tensor.shape, tensor.source, identity)
  }

  /// The elements. A tensor in memory or in a mapped file is not copied.
  public func load() throws(ZooError) -> Tensor {
    do {
      let tensor = try source.load(type: type, shape: shape)
      try source.checkUnchanged()
      return tensor
    } catch { throw ZooError(error) }
  }

  /// Writes the elements' bytes to `bytes`, which is exactly `byteCount` long. Not for strings.
  public func read(into bytes: UnsafeMutableRawBufferPointer) throws(ZooError) {
    do {
      try source.read(into: bytes, type: type, shape: shape)
      try source.checkUnchanged()
    } catch { throw ZooError(error) }
  }

  /// The memory that the elements lie in, at its beginning; `nil` where they have to be read.
  package func lend() throws -> TensorMemory? { try source.lend(type: type, shape: shape) }

  /// Whether `read(into:at:)` costs no more than the bytes that it reads.
  package var readsInPieces: Bool { source.readsInPieces }

  /// Writes the elements' bytes from `offset` on to `bytes`, which ends within the tensor. Not for strings.
  package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    try source.read(into: bytes, at: offset, type: type, shape: shape)
    try source.checkUnchanged()
  }
}

/// Tells whether stored tensors are the same one, without looking at their elements.
package final class TensorIdentity: Sendable, Hashable {
  package init() {}

  package static func == (left: TensorIdentity, right: TensorIdentity) -> Bool { left === right }
  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// Where a stored tensor's elements come from. Any number of threads may read at once.
package protocol TensorSource: Sendable {
  /// The whole tensor; a source whose bytes are in memory gives them without a copy.
  func load(type: ElementType, shape: [Int]) throws -> Tensor
  /// Writes the elements' bytes to `bytes`, which is exactly as long as the tensor.
  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws
  /// The memory that the elements lie in, at its beginning and at any address; `nil` where they have to be read.
  func lend(type: ElementType, shape: [Int]) throws -> TensorMemory?
  /// The source itself, or the one that it only passes on.
  var origin: any TensorSource { get }
  /// Whether the source can give a part without reading the rest.
  var readsInPieces: Bool { get }
  /// Writes the elements' bytes from `offset` on to `bytes`, which ends within the tensor.
  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws
  /// Is called when something was read.
  ///
  /// - Throws: `ZooError` (`badData`) where that came from a file which has changed since it was opened.
  func checkUnchanged() throws
}

extension TensorSource {
  package var origin: any TensorSource { self }

  package func checkUnchanged() throws {}

  package func load(type: ElementType, shape: [Int]) throws -> Tensor {
    try Tensor(type: type, shape: shape) { try read(into: $0, type: type, shape: shape) }
  }

  package func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    let tensor = try load(type: type, shape: shape)
    tensor.withUnsafeBytes { bytes.copyMemory(from: $0) }
  }

  package func lend(type: ElementType, shape: [Int]) throws -> TensorMemory? { nil }

  package var readsInPieces: Bool { false }

  package func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]
  ) throws {
    let tensor = try load(type: type, shape: shape)
    tensor.withUnsafeBytes { all in
      bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[offset..<offset + bytes.count]))
    }
  }
}

private struct ResidentTensor: TensorSource {
  let tensor: Tensor
  var readsInPieces: Bool { true }
  func load(type: ElementType, shape: [Int]) -> Tensor { tensor }
  func lend(type: ElementType, shape: [Int]) -> TensorMemory? { tensor.memory }
  func checkUnchanged() throws { try tensor.memory?.checkUnchanged() }
}
