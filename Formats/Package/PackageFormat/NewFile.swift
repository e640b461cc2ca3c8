import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is written beside its place and appears there only when it is complete.
final class NewFile {
  private let path: String
  private let partialPath: String
  private let descriptor: Int32
  private var committed = false
  /// Bytes written so far.
  private(set) var count = 0

  init(_ path: String) throws {
    self.path = path
    partialPath = "\(path).\(getpid()).partial"
    unlink(partialPath)
    descriptor = open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw systemError("can't be written") }
  }

  deinit {
    close(descriptor)
    if !committed { unlink(partialPath) }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    // Long runs of zeros become holes, which take no space on most file systems.
    if bytes.count < Self.holeSize || !isZero(bytes) { try write(bytes, at: count) }
    count += bytes.count
  }

  private static let holeSize = 1 << 16

  private func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let start = bytes.baseAddress, bytes[0] == 0 else { return false }
    return memcmp(start, start + 1, bytes.count - 1) == 0
  }

  func append(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try append($0) } }

  /// Replaces bytes that were written before.
  func replace(at offset: Int, with bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0, at: offset) } }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let written = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw systemError("can't be written") }
      done += written
    }
  }

  /// Puts the file in its place.
  func commit() throws {
    guard ftruncate(descriptor, off_t(count)) == 0, fsync(descriptor) == 0, rename(partialPath, path) == 0 else {
      throw systemError("can't be written")
    }
    committed = true
  }
}
