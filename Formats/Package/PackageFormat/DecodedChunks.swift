import Synchronization

/// The elements of one chunk.
final class DecodedChunk: @unchecked Sendable {
  let index: Int
  /// Written before others see the object.
  let bytes: UnsafeMutableRawBufferPointer

  init(_ chunk: Chunk) {
    index = chunk.index
    bytes = .allocate(byteCount: chunk.byteCount, alignment: Layout.alignment)
  }

  deinit { bytes.deallocate() }
}

/// Chunks of which a reader took a part, until others have taken the rest: so pieces that end inside chunks don't
/// decode them twice.
final class DecodedChunks: Sendable {
  private struct Entry {
    let chunk: DecodedChunk
    /// Bytes that nobody has taken yet.
    var rest: Int
  }

  /// The most that wait; the oldest go first. Twice as many as cores that read side by side.
  private static let limit = max(2 * coreCount, 4)
  /// By age.
  private let entries = Mutex<[Entry]>([])

  /// Copies `piece` out of a chunk that waits; false where it has to be decoded.
  func copy(_ piece: Chunk.Piece) -> Bool {
    guard let chunk = take(piece.chunk.index, piece.part.count) else { return false }
    piece.output.copyMemory(from: UnsafeRawBufferPointer(rebasing: chunk.bytes[piece.part]))
    return true
  }

  /// Copies `piece` out of `chunk` and lets it wait for whoever wants the rest.
  func keep(_ chunk: DecodedChunk, copying piece: Chunk.Piece) {
    piece.output.copyMemory(from: UnsafeRawBufferPointer(rebasing: chunk.bytes[piece.part]))
    // Another reader may have decoded it meanwhile.
    guard take(chunk.index, piece.part.count) == nil else { return }
    entries.withLock { entries in
      if entries.count == Self.limit { entries.removeFirst() }
      entries.append(Entry(chunk: chunk, rest: chunk.bytes.count - piece.part.count))
    }
  }

  private func take(_ index: Int, _ count: Int) -> DecodedChunk? {
    entries.withLock { entries in
      guard let place = entries.firstIndex(where: { $0.chunk.index == index }) else { return nil }
      let chunk = entries[place].chunk
      entries[place].rest -= count
      if entries[place].rest <= 0 { entries.remove(at: place) }
      return chunk
    }
  }
}
