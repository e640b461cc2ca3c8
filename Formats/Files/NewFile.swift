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
/// Without `commit()`, nothing is left behind. On Linux, where the file system can have it, the file has no name until
/// then, so that this is true also for a program that is killed; elsewhere `PartialFiles` removes it on a signal.
package final class NewFile {
  private static let bufferSize = 1 << 16

  private let path: String
  private let partialPath: String
  private let descriptor: Int32
  /// Whether `partialPath` is there.
  private var isNamed: Bool
  /// Bytes that are not in the file yet; they end at `count`.
  private var buffer: [UInt8] = []
  /// Bytes appended so far.
  package private(set) var count = 0

  /// - Parameter isNamed: Whether the file has a name from the beginning, as where the file system asks for it.
  /// - Throws: `ZooError`: `notFound` where the folder takes no file.
  package init(_ path: String, isNamed: Bool = false) throws {
    self.path = path
    let name = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
    partialPath = "\(path[..<name]).\(path[name...]).\(UInt64.random(in: 0 ... .max)).partial"
    let nameless = isNamed ? nil : Self.openNameless(in: name == path.startIndex ? "." : String(path[..<name]))
    self.isNamed = nameless == nil
    if self.isNamed { PartialFiles.add(partialPath) }
    descriptor = nameless ?? open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw ZooError.ofSystem(
        "no file can be made here", path, advice: "choose a folder that exists and that you may write")
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if isNamed { removeName() }
  }

  private func removeName() {
    unlink(partialPath)
    PartialFiles.remove(partialPath)
  }

  /// A file without a name; `nil` where there can be none.
  private static func openNameless(in folder: String) -> Int32? {
    #if os(Linux)
      // O_TMPFILE, which Swift does not import.
      let descriptor = open(folder, 0o20_000_000 | O_DIRECTORY | O_WRONLY | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { return nil }
      // It gets its name by way of /proc.
      if access(place(of: descriptor), F_OK) == 0 { return descriptor }
      close(descriptor)
    #endif
    return nil
  }

  private static func place(of descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

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
    guard ftruncate(descriptor, off_t(count)) == 0 else { throw failure() }
    // Where the file replaces one, the old contents are not given up before the new ones are safe on the disk.
    if access(path, F_OK) == 0, fsync(descriptor) != 0 { throw failure() }
  }

  /// Where a file that is finished can be read before it is in its place.
  package var unfinishedPath: String { isNamed ? partialPath : Self.place(of: descriptor) }

  /// Finishes the file and puts it in its place.
  package func commit() throws {
    try finish()
    if !isNamed {
      // A link can't replace a file, but renaming can.
      guard linkat(AT_FDCWD, Self.place(of: descriptor), AT_FDCWD, partialPath, AT_SYMLINK_FOLLOW) == 0 else {
        throw failure()
      }
      isNamed = true
      PartialFiles.add(partialPath)
    }
    guard rename(partialPath, path) == 0 else { throw failure() }
    isNamed = false
    PartialFiles.remove(partialPath)
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
