import ZooCore

/// The blocks of float32 rows, made whenever they are read.
private struct QuantizedBlocks: TensorSource {
  let type: GGUFType
  let exact: StoredTensor

  /// Blocks that are made at a time.
  private static let step = 2048

  var readsInPieces: Bool { exact.readsInPieces }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    let exact = readsInPieces ? exact : StoredTensor(try exact.load())
    try Self(type: self.type, exact: exact).read(into: bytes, at: 0, type: type, shape: shape)
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    let size = self.type.blockBytes
    var done = 0
    try withUnsafeTemporaryAllocation(byteCount: Self.step * size, alignment: 16) { buffer in
      while done < bytes.count {
        let (first, skipped) = (offset + done).quotientAndRemainder(dividingBy: size)
        // Blocks that are wanted in part are made whole.
        let count = min(Self.step, (skipped + bytes.count - done + size - 1) / size)
        let blocks = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * size)])
        try quantize(from: first, count: count, to: blocks)
        let taken = min(blocks.count - skipped, bytes.count - done)
        UnsafeMutableRawBufferPointer(rebasing: bytes[done..<done + taken])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: blocks[skipped..<skipped + taken]))
        done += taken
      }
    }
  }

  private func quantize(from first: Int, count: Int, to blocks: UnsafeMutableRawBufferPointer) throws {
    let size = type.blockCount * MemoryLayout<Float>.size
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: count * type.blockCount) { numbers in
      try exact.read(into: UnsafeMutableRawBufferPointer(numbers), at: first * size)
      guard let input = numbers.baseAddress, let output = blocks.baseAddress else { return }
      BlockQuantization.write(type, input, count: count, to: output)
    }
  }
}

extension StoredTensor {
  /// The bytes of blocks of `type` for float32 numbers, along the last axis, made whenever they are read: what
  /// `dequantized(fromBlocksOf:)` takes.
  ///
  /// - Parameter type: One of `GGUFType.quantizable`, or that of the blocks in which the numbers are already, whose bytes stay.
  /// - Returns: `nil` for a tensor of another type than float32, and one whose rows are no whole blocks.
  package func quantized(toBlocksOf type: GGUFType) throws -> StoredTensor? {
    if let blocks, blocks.type == type { return blocks.bytes }
    guard self.type == .float32, GGUFType.quantizable.contains(type), let row = shape.last, row % type.blockCount == 0
    else { return nil }
    return try StoredTensor(
      type: .uint8, shape: shape.dropLast() + [row / type.blockCount * type.blockBytes],
      source: QuantizedBlocks(type: type, exact: self))
  }
}
