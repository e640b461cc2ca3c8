import Files
import ZooCore

/// A tensor whose elements lie in a file as memory has them: raw data, inline or external.
struct MappedTensor: TensorSource {
  let file: MappedFile
  /// Where in the file; exactly as long as the tensor.
  let range: Range<Int>

  private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

  /// Borrows the file's bytes where kernels can take them as they lie: aligned. Copies them otherwise.
  func load(type: ElementType, shape: [Int]) throws -> Tensor {
    let bytes = bytes
    if let address = bytes.baseAddress, Int(bitPattern: address) % TensorMemory.alignment == 0 {
      return try Tensor(type: type, shape: shape, memory: TensorMemory(borrowing: bytes, owner: file))
    }
    return try Tensor(type: type, shape: shape) { $0.copyMemory(from: bytes) }
  }

  func read(into destination: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) {
    read(into: destination, at: 0, type: type, shape: shape)
  }

  var readsInPieces: Bool { true }

  func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) {
    let start = range.lowerBound + offset
    file.copy(start..<start + destination.count, to: destination)
  }
}
