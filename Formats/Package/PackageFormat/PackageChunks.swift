import CPackageCodec
import Files
import Synchronization
import ZooCore

/// The chunks of an open file.
final class PackageChunks: Sendable {
  let file: MappedFile
  let list: [Chunk]
  let decoded = DecodedChunks()
  /// By chunk that is read in pieces: checksums of its blocks, known since its own was right.
  private let blocks = Mutex<[Int: [UInt32]]>([:])
  private static let blockByteCount = 1 << 18

  var count: Int { list.count }

  init(file: MappedFile, list: [Chunk]) {
    self.file = file
    self.list = list
  }

  /// Compares chunk `index` with its checksum, each time that it is read: others may write to the file. Of one that lies
  /// in the file as it is, only `part` and what is around it, since reading a long chunk in pieces would read it all for
  /// each.
  func verify(_ index: Int, part: Range<Int>? = nil) throws {
    let chunk = list[index]
    guard chunk.isVerbatim, let part, part.count < chunk.byteCount else { return try chunk.verify(file) }
    if let sums = blocks.withLock({ $0[index] }) {
      let first = part.lowerBound / Self.blockByteCount
      for block in first...(part.upperBound - 1) / Self.blockByteCount {
        guard checksum(chunk, block) == sums[block] else { throw chunk.hasWrongChecksum }
      }
    } else {
      try chunk.verify(file)
      let sums = (0...(chunk.byteCount - 1) / Self.blockByteCount).map { checksum(chunk, $0) }
      // Between the two, the file may have changed.
      try chunk.verify(file)
      // It leaves memory until it is read.
      file.forget(chunk.checkedRange)
      blocks.withLock { $0[index] = sums }
    }
  }

  private func checksum(_ chunk: Chunk, _ block: Int) -> UInt32 {
    let start = chunk.dataRange.lowerBound + block * Self.blockByteCount
    let end = min(start + Self.blockByteCount, chunk.dataRange.upperBound)
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[start..<end])
    return zoo_crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
  }
}
