import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is written beside its destination and takes its place only when it is complete.
///
/// Without `commit()`, nothing is left behind.
final class ReplacedFile {
  private static let bufferByteCount = 1 << 16

  private let path: String
  private let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private(set) var byteCount = 0

  /// - Throws: `ZooError` (`notFound`) where the folder takes no file.
  init(path: String) throws {
    self.path = path
    let folderEnd = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
    temporaryPath = "\(path[..<folderEnd]).\(path[folderEnd...]).\(UInt64.random(in: 0 ... .max)).tmp"
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw ZooError(
        .notFound, "no file can be made here: \(String(cString: strerror(errno)))", at: path,
        advice: "choose a folder that exists and that you may write")
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    byteCount += bytes.count
    if buffer.count + bytes.count > Self.bufferByteCount { try flush() }
    if bytes.count < Self.bufferByteCount { buffer.append(contentsOf: bytes) } else { try put(bytes) }
  }

  /// Continues at `offset`, which is not before the end; what lies between reads as zeros.
  func skip(to offset: Int) throws {
    try flush()
    guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw failure() }
    byteCount = offset
  }

  /// Writes what is left; the file is complete, but not yet in its place.
  func finish() throws {
    try flush()
    let result = close(descriptor)
    descriptor = -1
    guard result == 0 else { throw failure() }
  }

  /// Puts the finished file in its place.
  func commit() throws {
    guard rename(temporaryPath, path) == 0 else { throw failure() }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    // After a commit there is no such file.
    unlink(temporaryPath)
  }

  private func flush() throws {
    try buffer.withUnsafeBytes(put)
    buffer.removeAll(keepingCapacity: true)
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Self.write(descriptor, UnsafeRawBufferPointer(rebasing: rest))
      guard written >= 0 || errno == EINTR else { throw failure() }
      rest = rest.dropFirst(max(written, 0))
    }
  }

  private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
      Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  private func failure() -> ZooError {
    ZooError(.usage, "the file can't be written: \(String(cString: strerror(errno)))", at: path)
  }
}
