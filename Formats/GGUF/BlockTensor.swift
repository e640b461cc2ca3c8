import Files
import ZooCore

/// A tensor in blocks, which are dequantized whenever it is read.
struct BlockTensor: TensorSource {
  enum Place: Sendable {
    case file(MappedFile, Range<Int>)
    /// Made of exact numbers when they are wanted, for Q8_0.
    case quantizing(StoredTensor)
  }

  let type: GGUFType
  let place: Place
  /// For errors.
  let name: String

  /// Blocks that are made or read at a time.
  private static let step = 2048

  var readsInPieces: Bool {
    switch place {
    case .file: true
    case .quantizing(let exact): exact.readsInPieces
    }
  }

  func checkUnchanged() throws {
    if case .file(let file, _) = place { try file.checkUnchanged() }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try checkReadable()
    let output = bytes.bindMemory(to: Float.self)
    var done = 0
    try forEachPieceOfBlocks { blocks in
      let count = blocks.count / self.type.blockBytes
      dequantize(blocks, to: UnsafeMutableBufferPointer(rebasing: output[done..<done + count * self.type.blockCount]))
      done += count * self.type.blockCount
    }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    try checkReadable()
    let size = MemoryLayout<Float>.size
    guard offset % size == 0, bytes.count % size == 0 else {
      throw ZooError(.defect, "\(bytes.count) bytes at \(offset) are no whole numbers of float32")
    }
    let output = bytes.bindMemory(to: Float.self)
    let first = offset / size
    let width = self.type.blockCount
    var done = 0
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { whole in
      while done < output.count {
        let place = first + done
        let skipped = place % width
        let count = (output.count - done) / width
        if skipped == 0, count > 0 {
          let step = min(count, Self.step)
          let part = UnsafeMutableBufferPointer(rebasing: output[done..<done + step * width])
          try withBlocks(place / width..<place / width + step) { dequantize($0, to: part) }
          done += part.count
        } else {
          // A block that is wanted in part.
          try withBlocks(place / width..<place / width + 1) { dequantize($0, to: whole) }
          let taken = min(width - skipped, output.count - done)
          for index in 0..<taken { output[done + index] = whole[skipped + index] }
          done += taken
        }
      }
    }
  }

  /// The blocks' bytes from first to last, for a writer. Pages of a mapped file leave memory behind it.
  func forEachPieceOfBlocks(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    switch place {
    case .file(let file, let range):
      let step = Self.step * type.blockBytes
      for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
        let piece = UnsafeRawBufferPointer(rebasing: file.bytes[start..<min(start + step, range.upperBound)])
        try body(piece)
        file.discard(piece)
      }
      try file.checkUnchanged()
    case .quantizing(let exact):
      let step = Self.step * type.blockCount * MemoryLayout<Float>.size
      try withUnsafeTemporaryAllocation(byteCount: Self.step * type.blockBytes, alignment: 16) { buffer in
        try exact.readPieces { numbers in
          for start in stride(from: 0, to: numbers.count, by: step) {
            let part = UnsafeRawBufferPointer(rebasing: numbers[start..<min(start + step, numbers.count)])
            let blocks = UnsafeMutableRawBufferPointer(
              rebasing: buffer[..<(part.count / 4 / type.blockCount * type.blockBytes)])
            Quantization8.quantize(part, to: blocks)
            try body(UnsafeRawBufferPointer(blocks))
          }
        }
      }
    }
  }

  private func withBlocks(_ blocks: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    switch place {
    case .file(let file, let range):
      let start = range.lowerBound + blocks.lowerBound * type.blockBytes
      let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[start..<start + blocks.count * type.blockBytes])
      try body(bytes)
      // Whoever reads large pieces goes on; small ones are read again.
      if blocks.count == Self.step { file.discard(bytes) }
    case .quantizing(let exact):
      let size = type.blockCount * MemoryLayout<Float>.size
      try withUnsafeTemporaryAllocation(byteCount: blocks.count * size, alignment: 16) { numbers in
        try withUnsafeTemporaryAllocation(byteCount: blocks.count * type.blockBytes, alignment: 16) { buffer in
          try exact.read(into: numbers, at: blocks.lowerBound * size)
          Quantization8.quantize(UnsafeRawBufferPointer(numbers), to: buffer)
          try body(UnsafeRawBufferPointer(buffer))
        }
      }
    }
  }

  private func checkReadable() throws {
    guard type.isReadable else {
      throw ZooError(
        .unsupported, "elements of type \(type.name) can't be read", at: name.isEmpty ? nil : "tensor \"\(name)\"",
        advice: "copy the file to GGUF as it is, or leave the tensor out")
    }
  }

  private func dequantize(_ blocks: UnsafeRawBufferPointer, to output: UnsafeMutableBufferPointer<Float>) {
    guard let input = blocks.baseAddress, let numbers = output.baseAddress else { return }
    Dequantization.read(type, input, count: blocks.count / type.blockBytes, to: numbers)
  }
}
