package import ZooCore

extension StoredTensor {
  /// The same elements with the axes in another order, whenever they are read.
  ///
  /// - Parameters:
  ///   - order: Which axis of this tensor each axis of the result is.
  ///   - shape: What the result's extents are called, if not those of the axes; of the same size.
  /// - Throws: `ZooError` (`defect`) for an order that is none.
  package func permuted(_ order: [Int], shape: [Int]? = nil) throws -> StoredTensor {
    let natural = order.map { self.shape.indices.contains($0) ? self.shape[$0] : -1 }
    let result = shape ?? natural
    guard order.sorted() == Array(self.shape.indices), result.reduce(1, *) == natural.reduce(1, *),
      type.bitWidth % 8 == 0, type != .string
    else { throw ZooError(.defect, "the axes of \(self.shape) can't be put into the order \(order)") }
    return try StoredTensor(type: type, shape: result, source: PermutedSource(stored: self, order: order))
  }
}

private struct PermutedSource: TensorSource {
  let stored: StoredTensor
  let order: [Int]

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    let tensor = try stored.load()
    tensor.withUnsafeBytes { source in
      switch type.bitWidth / 8 {
      case 1: permute(source.bindMemory(to: UInt8.self), to: bytes.bindMemory(to: UInt8.self))
      case 2: permute(source.bindMemory(to: UInt16.self), to: bytes.bindMemory(to: UInt16.self))
      case 4: permute(source.bindMemory(to: UInt32.self), to: bytes.bindMemory(to: UInt32.self))
      case 8: permute(source.bindMemory(to: UInt64.self), to: bytes.bindMemory(to: UInt64.self))
      default: permute(source.bindMemory(to: SIMD2<UInt64>.self), to: bytes.bindMemory(to: SIMD2<UInt64>.self))
      }
      tensor.memory?.discard(source)
    }
  }

  @inline(__always)
  private func permute<Element>(
    _ source: UnsafeBufferPointer<Element>, to target: UnsafeMutableBufferPointer<Element>
  ) {
    guard !target.isEmpty, let last = order.last else {
      if !target.isEmpty { target[0] = source[0] }
      return
    }
    var strides = [Int](repeating: 1, count: order.count)
    for axis in order.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * stored.shape[axis + 1] }
    let (extents, steps) = (order.map { stored.shape[$0] }, order.map { strides[$0] })
    let (row, step) = (stored.shape[last], strides[last])
    var index = [Int](repeating: 0, count: order.count)
    var from = 0
    for start in stride(from: 0, to: target.count, by: row) {
      for place in 0..<row { target[start + place] = source[from + place * step] }
      // On to the next row.
      var axis = order.count - 2
      while axis >= 0 {
        index[axis] += 1
        from += steps[axis]
        if index[axis] < extents[axis] { break }
        from -= extents[axis] * steps[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }
}
