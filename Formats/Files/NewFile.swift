import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is written beside its place and appears there only when it is complete.
///
/// Without `commit()`, nothing is left behind.
package final class NewFile {
  private static let bufferSize = 1 << 16

  private let path: String
  private let partialPath: String
  private let descriptor: Int32
  private var isCommitted = false
  /// Bytes that are not in the file yet; they end at `count`.
  private var buffer: [UInt8] = []
  /// Bytes appended so far.
  package private(set) var count = 0

  /// - Throws: `ZooError`: `notFound` where the folder takes no file.
  package init(_ path: String) throws {
    self.path = path
    let name = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
    partialPath = "\(path[..<name]).\(path[name...]).\(UInt64.random(in: 0 ... .max)).partial"
    descriptor = open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw ZooError.ofSystem(
        "no file can be made here", path, advice: "choose a folder that exists and that you may write")
    }
  }

  deinit {
    close(descriptor)
    if !isCommitted { unlink(partialPath) }
  }

  /// Writes a file that is the pieces one after another.
  package static func write(_ pieces: [UnsafeRawBufferPointer], to path: String) throws {
    let file = try NewFile(path)
    for piece in pieces { try file.append(piece) }
    try file.commit()
  }

  package func append(_ bytes: UnsafeRawBufferPointer) throws {
    if buffer.count + bytes.count > Self.bufferSize { try flush() }
    if bytes.count < Self.bufferSize {
      buffer.append(contentsOf: bytes)
    } else if !isZero(bytes) {
      // Long runs of zeros become holes, which take no space on most file systems.
      try write(bytes, at: count)
    }
    count += bytes.count
  }

  package func append(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try append($0) } }

  /// Continues at `offset`, which is not before the end; what lies between reads as zeros.
  package func skip(to offset: Int) throws {
    try flush()
    count = offset
  }

  /// Replaces bytes that were appended before.
  package func replace(at offset: Int, with bytes: [UInt8]) throws {
    try flush()
    try bytes.withUnsafeBytes { try write($0, at: offset) }
  }

  /// Writes what is left; the file is complete, but not yet in its place.
  package func finish() throws {
    try flush()
    guard ftruncate(descriptor, off_t(count)) == 0, fsync(descriptor) == 0 else { throw failure() }
  }

  /// Finishes the file and puts it in its place.
  package func commit() throws {
    try finish()
    guard rename(partialPath, path) == 0 else { throw failure() }
    isCommitted = true
  }

  private func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let start = bytes.baseAddress, bytes[0] == 0 else { return false }
    return memcmp(start, start + 1, bytes.count - 1) == 0
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try write($0, at: count - $0.count) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      guard written > 0 || errno == EINTR else { throw failure() }
      done += max(written, 0)
    }
  }

  private func failure() -> ZooError { ZooError.ofSystem("the file can't be written", path) }
}
