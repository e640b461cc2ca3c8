import ZooCore
import ZooPlatform

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
/// then, so that this is true also for a program that is killed; elsewhere `PartialFiles` removes it on a signal. What is
/// at the path already is treated as `Destination` says: pipes and devices get the bytes when all are there.
package final class NewFile {
  private static let bufferSize = 1 << 16
  /// Of the file's own name in that of the partial one, which has to fit in 255 bytes with the rest.
  private static let shownNameBytes = 100

  /// What the caller calls it.
  private let path: String
  private let destination: Destination
  private let partialPath: String
  private var descriptor: Int32
  /// Whether `partialPath` is there.
  private var isNamed: Bool
  /// Bytes that are not in the file yet; they end at `count`.
  private var buffer: [UInt8] = []
  /// Bytes appended so far.
  package private(set) var count = 0

  /// - Parameter isNamed: Whether the file has a name from the beginning, as where the file system asks for it.
  /// - Throws: `ZooError`: `notFound` where the folder takes no file or the old file may not be written, `badData` where
  ///   a folder is.
  package init(_ path: String, isNamed: Bool = false) throws {
    self.path = path
    destination = try Destination(path)
    let (place, replaced): (String, FileAttributes?) =
      if case .file(let place, let replaced) = destination { (place, replaced) } else { (Self.spoolPath, nil) }
    let name = place.lastIndex(of: "/").map(place.index(after:)) ?? place.startIndex
    let shown = place[name...].shortened(toBytes: Self.shownNameBytes)
    partialPath = "\(place[..<name]).\(shown).\(UInt64.random(in: 0 ... .max)).partial"
    // Nobody may read what nobody could read before.
    let mode: mode_t = if case .file(_, nil) = destination { 0o666 } else { 0o600 }
    let folder = name == place.startIndex ? "." : String(place[..<name])
    let nameless = isNamed ? nil : Self.openNameless(in: folder, mode)
    self.isNamed = nameless == nil
    if self.isNamed { PartialFiles.add(partialPath) }
    descriptor = nameless ?? open(partialPath.fileName, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      throw ZooError.ofSystem(
        "no file can be made here", path, advice: "choose a folder that exists and that you may write")
    }
    if let replaced, !replaced.apply(to: descriptor) { throw failure() }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if isNamed { removeName() }
  }

  private func removeName() {
    unlink(partialPath.fileName)
    PartialFiles.remove(partialPath)
  }

  /// Where bytes for a pipe wait until they are complete.
  private static var spoolPath: String {
    let folder = getenv("TMPDIR").map { String(cFileName: $0) } ?? ""
    return (folder.isEmpty ? "/tmp" : folder) + "/zoo"
  }

  /// A file without a name; `nil` where there can be none.
  private static func openNameless(in folder: String, _ mode: mode_t) -> Int32? {
    #if os(Linux)
      // O_TMPFILE, which Swift does not import.
      let descriptor = open(folder.fileName, 0o20_000_000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, mode)
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
    if case .file(_, _?) = destination, fsync(descriptor) != 0 { throw failure() }
  }

  /// Where a file that is finished can be read before it is in its place.
  package var unfinishedPath: String { isNamed ? partialPath : Self.place(of: descriptor) }

  /// Finishes the file and puts it in its place.
  package func commit() throws {
    try finish()
    try giveName()
    try takePlace()
  }

  /// Gives a finished file a name, under which it waits for `takePlace`. What could fail for want of space has not failed.
  func giveName() throws {
    guard case .file = destination, !isNamed else { return }
    // A link can't replace a file, but renaming can.
    guard linkat(AT_FDCWD, Self.place(of: descriptor), AT_FDCWD, partialPath.fileName, AT_SYMLINK_FOLLOW) == 0 else {
      throw failure()
    }
    isNamed = true
    PartialFiles.add(partialPath)
  }

  /// Gives a file that has its name no descriptor any more, of which there are few.
  func closeEarly() {
    guard case .file = destination, isNamed else { return }
    close(descriptor)
    descriptor = -1
  }

  func takePlace() throws {
    switch destination {
    case .file(let place, _):
      guard rename(partialPath.fileName, place.fileName) == 0 else { throw failure() }
      isNamed = false
      PartialFiles.remove(partialPath)
    case .stream(let place):
      let stream = open(place.fileName, O_WRONLY | O_CLOEXEC)
      guard stream >= 0 else { throw failure() }
      defer { close(stream) }
      try copy(to: stream)
    case .descriptor(let stream): try copy(to: stream)
    }
  }

  private func copy(to stream: Int32) throws {
    var piece = [UInt8](repeating: 0, count: Self.bufferSize)
    var offset = 0
    while offset < count {
      let got = pread(descriptor, &piece, piece.count, off_t(offset))
      guard got > 0 || got < 0 && errno == EINTR else { throw failure() }
      try piece.withUnsafeBytes { try write($0[..<max(got, 0)]) { Self.write(stream, $0, $1) } }
      offset += max(got, 0)
    }
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
    var place = off_t(offset)
    try write(bytes[...]) { start, count in
      let written = pwrite(descriptor, start, count, place)
      place += off_t(max(written, 0))
      return written
    }
  }

  /// Has `write` take all bytes, as many at a time as it likes.
  private func write(
    _ bytes: Slice<UnsafeRawBufferPointer>, by write: (UnsafeRawPointer?, Int) -> Int
  ) throws {
    var rest = bytes
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let written = write(part.baseAddress, part.count)
      guard written > 0 || errno == EINTR else { throw failure() }
      rest = rest.dropFirst(max(written, 0))
    }
  }

  private static func write(_ descriptor: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Darwin)
      Darwin.write(descriptor, start, count)
    #elseif canImport(Musl)
      Musl.write(descriptor, start, count)
    #else
      Glibc.write(descriptor, start, count)
    #endif
  }

  private func failure() -> ZooError { ZooError.ofSystem("the file can't be written", path) }
}
