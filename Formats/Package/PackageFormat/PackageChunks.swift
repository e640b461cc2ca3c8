import Dispatch
import Files
import ZooCore

/// The chunks of an open file.
final class PackageChunks: @unchecked Sendable {
  let file: MappedFile
  let list: [Chunk]
  /// The chunks whose checksums were right; used on `queue` only.
  private var verified: [Bool]
  let decoded = DecodedChunks()
  private let queue = DispatchQueue(label: "PackageChunks.verified")

  var count: Int { list.count }

  init(file: MappedFile, list: [Chunk]) {
    self.file = file
    self.list = list
    verified = [Bool](repeating: false, count: list.count)
  }

  /// Compares chunk `index` with its checksum, once: reading a long chunk in pieces would read it all for each.
  func verify(_ index: Int) throws {
    guard !queue.sync(execute: { verified[index] }) else { return }
    try list[index].verify(file)
    // A long chunk that is read in pieces leaves memory until then.
    if list[index].isVerbatim { file.forget(list[index].checkedRange) }
    queue.sync { verified[index] = true }
  }
}
