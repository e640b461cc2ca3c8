import Dispatch
import ZooCore

extension StoredTensor {
  /// What a reader of pieces has at a time, twice: what it looks at, and what is being read meanwhile.
  private static let batchByteCount = 8 << 20
  /// What one core reads at a time.
  private static let pieceByteCount = 1 << 19

  /// Calls `body` with the elements' bytes, a few megabytes after the others at most. They are not copied where they lie
  /// in memory or in a mapped file, the pages of which leave memory behind the reader; elsewhere all cores read ahead.
  /// Not for strings.
  package func readPieces(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let count = byteCount
    if let lent = try lend() ?? (readsInPieces ? nil : load().memory) {
      try withExtendedLifetime(lent) {
        for start in stride(from: 0, to: count, by: 1 << 20) {
          let piece = UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(lent.mutableBytes)[start..<min(start + 1 << 20, count)])
          try body(piece)
          lent.discard(piece)
        }
        try lent.checkUnchanged()
      }
      return
    }
    guard count > 0 else { return }
    // New pages cost more time than reading what is compressed, so both buffers are used again and again.
    var (buffer, other) = (
      try TensorMemory(byteCount: min(Self.batchByteCount, count)),
      try TensorMemory(byteCount: max(0, min(Self.batchByteCount, count - Self.batchByteCount)))
    )
    var ready = 0..<min(Self.batchByteCount, count)
    try readBatch(ready, to: buffer)
    while true {
      let next = ready.upperBound..<min(ready.upperBound + Self.batchByteCount, count)
      let ahead = next.isEmpty ? nil : ReadAhead(self, next, to: other)
      // Nobody may be writing to memory that goes away with an error.
      defer { ahead?.wait() }
      try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer.mutableBytes)[..<ready.count]))
      guard let ahead else { return }
      try ahead.finish()
      ready = next
      swap(&buffer, &other)
    }
  }

  /// Has all cores read the bytes in `range`.
  private func readBatch(_ range: Range<Int>, to memory: TensorMemory) throws {
    try concurrently((range.count + Self.pieceByteCount - 1) / Self.pieceByteCount) { piece in
      let start = piece * Self.pieceByteCount
      try read(
        into: UnsafeMutableRawBufferPointer(
          rebasing: memory.mutableBytes[start..<min(start + Self.pieceByteCount, range.count)]),
        at: range.lowerBound + start)
    }
  }

  /// A batch that is being read.
  private final class ReadAhead: @unchecked Sendable {
    private let group = DispatchGroup()
    /// Written before the group is left, read after it.
    private var failure: (any Error)?

    init(_ tensor: StoredTensor, _ range: Range<Int>, to memory: TensorMemory) {
      DispatchQueue.global().async(group: group) {
        do { try tensor.readBatch(range, to: memory) } catch { self.failure = error }
      }
    }

    func wait() { group.wait() }

    func finish() throws {
      wait()
      if let failure { throw failure }
    }
  }
}
