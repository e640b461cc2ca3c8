import Files
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

  let name: String
  let chunks: PackageChunks
  let firstChunk: Int
  let chunkCount: Int
  let chunkByteCount: Int
  let byteCount: Int

  func load(type: ElementType, shape: [Int]) throws -> Tensor {
    guard let mapped = try lend(type: type, shape: shape) else {
      return try Tensor(type: type, shape: shape) { try read(into: $0, type: type, shape: shape) }
    }
    return try Tensor(type: type, shape: shape, memory: mapped)
  }

  func lend(type: ElementType, shape: [Int]) throws -> TensorMemory? {
    guard let mapped = mappedElements else { return nil }
    try located { try chunks.verify(firstChunk) }
    return TensorMemory(borrowing: mapped, owner: chunks.file)
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
    // Each group writes its own part.
    nonisolated(unsafe) let bytes = bytes
    // Two chunks together decode faster, but cores come first.
    let groupSize = chunkCount >= 2 * coreCount ? 2 : 1
    try concurrently((chunkCount + groupSize - 1) / groupSize) { group in
      let start = group * groupSize * chunkByteCount
      let part = UnsafeMutableRawBufferPointer(
        rebasing: bytes[start..<min(start + groupSize * chunkByteCount, byteCount)])
      try read(into: part, at: start, type: type, shape: shape)
    }
  }

  var readsInPieces: Bool { true }

  func checkUnchanged() throws { try chunks.file.checkUnchanged() }

  /// Decodes on the calling thread alone: whoever reads pieces reads several at once.
  func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]
  ) throws {
    guard !bytes.isEmpty else { return }
    let end = offset + bytes.count
    try located {
      var pieces: [Chunk.Piece] = []
      var decoded: [(chunk: DecodedChunk, piece: Chunk.Piece)] = []
      for number in offset / chunkByteCount...(end - 1) / chunkByteCount {
        let chunk = chunks.list[firstChunk + number]
        let start = number * chunkByteCount
        let wanted = max(start, offset)..<min(start + chunk.byteCount, end)
        let piece = Chunk.Piece(
          chunk: chunk, part: wanted.lowerBound - start..<wanted.upperBound - start,
          output: UnsafeMutableRawBufferPointer(
            rebasing: bytes[wanted.lowerBound - offset..<wanted.upperBound - offset]))
        if chunk.isVerbatim || piece.isWhole {
          pieces.append(piece)
        } else if !chunks.decoded.copy(piece) {
          // The neighbouring piece wants the rest of it.
          let whole = DecodedChunk(chunk)
          pieces.append(Chunk.Piece(chunk: chunk, part: 0..<chunk.byteCount, output: whole.bytes))
          decoded.append((whole, piece))
        }
      }
      for first in stride(from: 0, to: pieces.count, by: 2) {
        let pair = pieces[first..<min(first + 2, pieces.count)]
        for piece in pair { try chunks.verify(piece.chunk.index, part: piece.part) }
        try Chunk.decode(Array(pair), of: chunks.file)
        for piece in pair {
          // What is decoded is not read again.
          chunks.file.forget(piece.chunk.isVerbatim ? piece.place : piece.chunk.checkedRange)
        }
      }
      for entry in decoded { chunks.decoded.keep(entry.chunk, copying: entry.piece) }
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
