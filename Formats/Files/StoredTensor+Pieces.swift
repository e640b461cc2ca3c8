import ZooCore

extension StoredTensor {
  /// Bytes that writers take at a time: enough to hide what each step costs, few enough to stay in the cache.
  private static var pieceCount: Int { 1 << 20 }

  /// The elements' bytes from first to last, for a writer that wants them once. Pages of a mapped file leave memory
  /// behind it. Not for strings.
  ///
  /// - Throws: What reading the tensor throws, and what `body` throws.
  package func forEachPieceOfBytes(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let tensor = try load()
    try tensor.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: Self.pieceCount) {
        let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Self.pieceCount, bytes.count)])
        try body(piece)
        tensor.memory?.discard(piece)
      }
    }
  }
}
