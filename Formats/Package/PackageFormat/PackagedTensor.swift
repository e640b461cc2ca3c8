import ZooCore

/// A tensor that lies in chunks. Reading decodes them on all cores, into the caller's memory.
struct PackagedTensor: TensorSource {
  /// A tensor of a file, for the summary and for messages.
  struct Entry {
    let name: String
    let tensor: StoredTensor
    /// Bytes of its elements in the model's message.
    let inlineByteCount: Int
    /// Its chunks' numbers.
    let chunks: Range<Int>
  }

  /// Not worth a second thread.
  private static let fewChunks = 9

  let name: String
  let chunks: PackageChunks
  let firstChunk: Int
  let chunkCount: Int
  let chunkByteCount: Int
  let byteCount: Int

  func load(type: ElementType, shape: [Int]) throws -> Tensor {
    guard let mapped = mappedElements else {
      return try Tensor(type: type, shape: shape) { try read(into: $0, type: type, shape: shape) }
    }
    try located { try chunks.verify(firstChunk) }
    return try Tensor(type: type, shape: shape, memory: TensorMemory(borrowing: mapped, owner: chunks.file))
  }

  /// The elements in the mapped file, where they lie there in one piece as memory would have them.
  private var mappedElements: UnsafeRawBufferPointer? {
    let chunk = chunks.list[firstChunk]
    guard chunkCount == 1, chunk.isVerbatim, chunk.dataRange.lowerBound % TensorMemory.alignment == 0 else {
      return nil
    }
    return UnsafeRawBufferPointer(rebasing: chunks.file.bytes[chunk.dataRange])
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try read(into: bytes, at: 0, type: type, shape: shape)
  }

  var readsInPieces: Bool { true }

  func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]
  ) throws {
    guard !bytes.isEmpty else { return }
    // Each group writes its own part.
    nonisolated(unsafe) let bytes = bytes
    let end = offset + bytes.count
    let touched = offset / chunkByteCount..<(end - 1) / chunkByteCount + 1
    // Two chunks together decode faster, but cores come first. Whoever reads in small pieces has them busy already.
    let isShort = touched.count <= Self.fewChunks
    let groupSize = isShort || touched.count >= 2 * coreCount ? 2 : 1
    try located {
      try concurrently((touched.count + groupSize - 1) / groupSize, serially: isShort) { group in
        let first = touched.lowerBound + group * groupSize
        let pieces = try (first..<min(first + groupSize, touched.upperBound)).map { number in
          try chunks.verify(firstChunk + number)
          let chunk = chunks.list[firstChunk + number]
          let start = number * chunkByteCount
          let wanted = max(start, offset)..<min(start + chunk.byteCount, end)
          return Chunk.Piece(
            chunk: chunk, part: wanted.lowerBound - start..<wanted.upperBound - start,
            output: UnsafeMutableRawBufferPointer(
              rebasing: bytes[wanted.lowerBound - offset..<wanted.upperBound - offset]))
        }
        try Chunk.decode(pieces, of: chunks.file)
        for piece in pieces { chunks.file.forget(piece.chunk.checkedRange) }
      }
    }
  }

  private func located(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as ZooError {
      throw error.located("\(chunks.file.path): tensor \"\(name)\"")
    }
  }
}
