import WeightBlocks
import ZooCore

/// A tensor that is quantized to Q8_0 whenever it is read or written: its elements are what the blocks can hold.
struct QuantizingTensor: TensorSource {
  static let type = GGUFType.q8_0
  let exact: StoredTensor

  /// Blocks that are made at a time.
  private static let step = 2048

  var readsInPieces: Bool { exact.readsInPieces }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    let output = bytes.bindMemory(to: Float.self)
    var done = 0
    try forEachPieceOfBlocks { blocks in
      let count = blocks.count / Self.type.blockBytes
      dequantize(
        blocks, to: UnsafeMutableBufferPointer(rebasing: output[done..<done + count * Self.type.blockCount]))
      done += count * Self.type.blockCount
    }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    let size = MemoryLayout<Float>.size
    guard offset % size == 0, bytes.count % size == 0 else {
      throw ZooError(.defect, "\(bytes.count) bytes at \(offset) are no whole numbers of float32")
    }
    let output = bytes.bindMemory(to: Float.self)
    let width = Self.type.blockCount
    var done = 0
    // Blocks that are wanted in part are made whole.
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.step * width) { whole in
      while done < output.count {
        let place = offset / size + done
        let skipped = place % width
        let blocks = min(Self.step, (skipped + output.count - done + width - 1) / width)
        let part = UnsafeMutableBufferPointer(rebasing: whole[..<(blocks * width)])
        try withBlocks(place / width..<place / width + blocks) { dequantize($0, to: part) }
        let taken = min(part.count - skipped, output.count - done)
        for index in 0..<taken { output[done + index] = part[skipped + index] }
        done += taken
      }
    }
  }

  /// The blocks' bytes from first to last, for a writer.
  func forEachPieceOfBlocks(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let step = Self.step * Self.type.blockCount * MemoryLayout<Float>.size
    try withUnsafeTemporaryAllocation(byteCount: Self.step * Self.type.blockBytes, alignment: 16) { buffer in
      try exact.readPieces { numbers in
        for start in stride(from: 0, to: numbers.count, by: step) {
          let part = UnsafeRawBufferPointer(rebasing: numbers[start..<min(start + step, numbers.count)])
          let blocks = UnsafeMutableRawBufferPointer(
            rebasing: buffer[..<(part.count / 4 / Self.type.blockCount * Self.type.blockBytes)])
          Quantization8.quantize(part, to: blocks)
          try body(UnsafeRawBufferPointer(blocks))
        }
      }
    }
  }

  private func withBlocks(_ blocks: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let size = Self.type.blockCount * MemoryLayout<Float>.size
    try withUnsafeTemporaryAllocation(byteCount: blocks.count * size, alignment: 16) { numbers in
      try withUnsafeTemporaryAllocation(byteCount: blocks.count * Self.type.blockBytes, alignment: 16) { buffer in
        try exact.read(into: numbers, at: blocks.lowerBound * size)
        Quantization8.quantize(UnsafeRawBufferPointer(numbers), to: buffer)
        try body(UnsafeRawBufferPointer(buffer))
      }
    }
  }

  private func dequantize(_ blocks: UnsafeRawBufferPointer, to output: UnsafeMutableBufferPointer<Float>) {
    guard let input = blocks.baseAddress, let numbers = output.baseAddress else { return }
    Dequantization.read(Self.type, input, count: blocks.count / Self.type.blockBytes, to: numbers)
  }
}
