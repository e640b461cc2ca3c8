import ZooCore

/// A constant whose axes come in another order. Nothing is held: elements are moved whenever they are read.
struct PermutedTensor: TensorSource {
  let stored: StoredTensor
  let permutation: [Int]

  /// - Parameter permutation: By axis of the result, the axis of `stored` that it is.
  static func permute(_ stored: StoredTensor, _ permutation: [Int]) throws -> StoredTensor {
    try StoredTensor(
      type: stored.type, shape: permutation.map { stored.shape[$0] },
      source: PermutedTensor(stored: stored, permutation: permutation))
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    let tensor = try stored.load()
    let width = type.bitWidth / 8
    var strides = Array(repeating: width, count: stored.shape.count)
    for axis in stored.shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * stored.shape[axis + 1]
    }
    let steps = permutation.map { strides[$0] }
    guard let innermost = shape.last, let innerStep = steps.last else { return }
    tensor.withUnsafeBytes { source in
      guard let source = source.baseAddress, let target = bytes.baseAddress else { return }
      var index = Array(repeating: 0, count: shape.count)
      var position = 0
      for start in stride(from: 0, to: bytes.count, by: innermost * width) {
        for inner in 0..<innermost {
          (target + start + inner * width).copyMemory(from: source + position + inner * innerStep, byteCount: width)
        }
        // On to the next row.
        for axis in shape.indices.dropLast().reversed() {
          index[axis] += 1
          position += steps[axis]
          if index[axis] < shape[axis] { break }
          position -= shape[axis] * steps[axis]
          index[axis] = 0
        }
      }
      tensor.memory?.discard(UnsafeRawBufferPointer(start: source, count: tensor.byteCount))
    }
  }
}

/// Integers of four bits, two in a byte, as integers of eight.
struct WidenedTensor: TensorSource {
  let stored: StoredTensor

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try stored.load().withUnsafeBytes { packed in
      for index in bytes.indices {
        let half = index % 2 == 0 ? packed[index / 2] << 4 : packed[index / 2] & 0xF0
        bytes[index] = UInt8(bitPattern: Int8(bitPattern: half) >> 4)
      }
    }
  }
}
