import ZooCore

/// A tensor whose elements lie in a file as memory has them: raw data, inline or external.
package struct MappedTensor: TensorSource {
  private let file: MappedFile
  /// Where in the file.
  private let range: Range<Int>

  /// - Parameter range: In the file, and exactly as long as the tensor.
  package init(file: MappedFile, range: Range<Int>) {
    self.file = file
    self.range = range
  }

  private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

  /// Borrows the file's bytes where kernels can take them as they lie: aligned, or single bytes. Copies them otherwise.
  package func load(type: ElementType, shape: [Int]) throws -> Tensor {
    let bytes = bytes
    if let address = bytes.baseAddress, type == .uint8 || Int(bitPattern: address) % TensorMemory.alignment == 0 {
      return try Tensor(type: type, shape: shape, memory: TensorMemory(borrowing: bytes, owner: file))
    }
    return try Tensor(type: type, shape: shape) { $0.copyMemory(from: bytes) }
  }

  package func lend(type: ElementType, shape: [Int]) -> TensorMemory? { file.memory(in: range) }

  package func read(into destination: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) {
    read(into: destination, at: 0, type: type, shape: shape)
  }

  package func checkUnchanged() throws { try file.checkUnchanged() }

  package var readsInPieces: Bool { true }

  package func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) {
    let start = range.lowerBound + offset
    file.copy(start..<start + destination.count, to: destination)
  }
}
