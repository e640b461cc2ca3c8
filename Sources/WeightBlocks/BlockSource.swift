import ZooCore

/// Bytes in blocks, which are dequantized whenever they are read.
private struct BlockSource: TensorSource {
  let type: GGUFType
  let bytes: StoredTensor

  /// Blocks that are read at a time.
  private static let step = 2048

  var readsInPieces: Bool { bytes.readsInPieces }

  func read(into output: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    let bytes = readsInPieces ? bytes : StoredTensor(try bytes.load())
    try Self(type: self.type, bytes: bytes).read(into: output, at: 0, type: type, shape: shape)
  }

  func read(into output: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    let size = MemoryLayout<Float>.size
    guard offset % size == 0, output.count % size == 0 else {
      throw ZooError(.defect, "\(output.count) bytes at \(offset) are no whole numbers of float32")
    }
    guard self.type.isReadable else {
      throw ZooError(
        .unsupported, "elements of type \(self.type.name) can't be read",
        advice: "copy the file to GGUF as it is, or leave the tensor out")
    }
    let output = output.bindMemory(to: Float.self)
    let first = offset / size
    let width = self.type.blockCount
    var done = 0
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { whole in
      while done < output.count {
        let place = first + done
        let skipped = place % width
        let count = (output.count - done) / width
        if skipped == 0, count > 0 {
          let part = UnsafeMutableBufferPointer(
            rebasing: output[done..<done + min(count, Self.step) * width])
          try dequantize(from: place / width, to: part)
          done += part.count
        } else {
          // A block that is wanted in part.
          try dequantize(from: place / width, to: whole)
          let taken = min(width - skipped, output.count - done)
          for index in 0..<taken { output[done + index] = whole[skipped + index] }
          done += taken
        }
      }
    }
  }

  /// Whole blocks from number `first` on.
  private func dequantize(from first: Int, to output: UnsafeMutableBufferPointer<Float>) throws {
    let count = output.count / type.blockCount
    try withUnsafeTemporaryAllocation(byteCount: count * type.blockBytes, alignment: 16) { blocks in
      try bytes.read(into: blocks, at: first * type.blockBytes)
      guard let input = blocks.baseAddress, let numbers = output.baseAddress else { return }
      Dequantization.read(type, UnsafeRawPointer(input), count: count, to: numbers)
    }
  }
}

extension StoredTensor {
  /// What bytes in blocks of `type` stand for, along the last axis: float32, dequantized whenever it is read.
  ///
  /// - Returns: `nil` for a tensor of anything else than bytes, and one whose rows are no whole blocks.
  package func dequantized(fromBlocksOf type: GGUFType) throws -> StoredTensor? {
    guard self.type == .uint8, type.elementType == nil, let row = shape.last, row % type.blockBytes == 0 else {
      return nil
    }
    let width = row / type.blockBytes * type.blockCount
    return try StoredTensor(
      type: .float32, shape: shape.dropLast() + [width], source: BlockSource(type: type, bytes: self))
  }

  /// Of float32 that `dequantized(fromBlocksOf:)` has given: the bytes, and the blocks' type.
  package var blocks: (bytes: StoredTensor, type: GGUFType)? {
    (origin as? BlockSource).map { ($0.bytes, $0.type) }
  }

  /// The transposed matrix of what `dequantized(fromBlocksOf:)` has given; `nil` for any other tensor.
  package func transposedBlocks() throws -> StoredTensor? {
    guard blocks != nil, shape.count == 2 else { return nil }
    return try StoredTensor(type: .float32, shape: shape.reversed(), source: TransposedBlocks(rows: self))
  }

  /// Of what `transposedBlocks()` has given: the blocks of its columns, one column a row of bytes.
  package var columnBlocks: (bytes: StoredTensor, type: GGUFType)? { (origin as? TransposedBlocks)?.rows.blocks }
}

/// A matrix whose columns lie in blocks.
private struct TransposedBlocks: TensorSource {
  let rows: StoredTensor

  func load(type: ElementType, shape: [Int]) throws -> Tensor { try rows.load().transposed() }
}

extension Tensor {
  /// A matrix of float32 with rows and columns exchanged.
  package func transposed() throws -> Tensor {
    guard type == .float32, shape.count == 2 else {
      throw ZooError(.defect, "\(type.name) of shape \(shape) is no matrix of float32")
    }
    let (rows, columns) = (shape[0], shape[1])
    return try Tensor(type: .float32, shape: [columns, rows]) { bytes in
      let output = bytes.bindMemory(to: Float.self)
      withUnsafeBytes { input in
        let input = input.bindMemory(to: Float.self)
        // Squares of few lines of the cache.
        let side = 16
        for top in stride(from: 0, to: rows, by: side) {
          for left in stride(from: 0, to: columns, by: side) {
            for row in top..<min(top + side, rows) {
              for column in left..<min(left + side, columns) {
                output[column &* rows &+ row] = input[row &* columns &+ column]
              }
            }
          }
        }
      }
    }
  }
}
