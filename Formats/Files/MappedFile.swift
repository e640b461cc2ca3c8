import CFileFaults
import Synchronization
import ZooCore
import ZooPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file, mapped for reading for as long as the object lives.
///
/// Pointers into it are used inside `reading`, which keeps it alive to the end, or by whoever holds the object: tensors that
/// borrow its bytes do.
package final class MappedFile: DiscardableOwner, @unchecked Sendable {
  package let path: String
  package let bytes: UnsafeRawBufferPointer
  private let mapping: UnsafeMutableRawPointer
  private let mappedCount: Int
  private let watch: OpaquePointer
  private let identity: FileIdentity
  /// How often pages were given up.
  private let forgotten = Atomic(0)

  /// Maps the file at `path` and calls `body`, until whose end its bytes stay where they are, whatever it does with the
  /// object: Swift may release one as soon as nobody names it any more, and pointers name nobody.
  ///
  /// - Throws: `ZooError`: `notFound` where no file can be opened, `badData` where it can't be mapped; what `body` throws.
  package static func reading<Result>(_ path: String, _ body: (MappedFile) throws -> Result) throws -> Result {
    let file = try MappedFile(path)
    return try withExtendedLifetime(file) {
      do {
        let result = try body(file)
        try file.checkUnchanged()
        return result
      } catch {
        // What the bytes made no sense of may be what somebody is doing to them.
        try file.checkUnchanged()
        throw error
      }
    }
  }

  private init(_ path: String) throws {
    self.path = path
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    let descriptor = open(path.fileName, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ZooError.ofSystem("the file can't be opened", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ZooError(.badData, "not a regular file", at: path)
    }
    identity = FileIdentity(status)
    let count = Int(status.st_size)
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    // One page more than the file has, so that vector loads may run past its last bytes.
    mappedCount = (count + page - 1) / page * page + page
    let flags = MAP_PRIVATE | Self.anonymous
    guard let mapping = mmap(nil, mappedCount, PROT_READ, flags, -1, 0), mapping != MAP_FAILED else {
      throw ZooError.ofSystem("the file can't be mapped", path)
    }
    guard let watch = zoo_watch_mapping(mapping, mappedCount) else {
      munmap(mapping, mappedCount)
      throw ZooError(.badData, "no memory for another file", at: path)
    }
    (self.mapping, self.watch) = (mapping, watch)
    bytes = UnsafeRawBufferPointer(start: mapping, count: count)
    if count > 0 {
      guard mmap(mapping, count, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0) != MAP_FAILED else {
        throw ZooError.ofSystem("the file can't be mapped", path)
      }
    }
  }

  deinit {
    zoo_forget_mapping(watch)
    munmap(mapping, mappedCount)
  }

  /// - Throws: `ZooError` (`badData`) where the file was cut off or written to since it was opened. One that another was
  ///   put in the place of is still there for whoever has opened it.
  package func checkUnchanged() throws {
    var status = stat()
    guard
      zoo_mapping_has_faulted(watch)
        || (stat(path.fileName, &status) == 0 && identity.isChanged(in: FileIdentity(status)))
    else { return }
    throw ZooError(
      .badData, "the file has changed while it was open", at: path,
      advice: "open it again; files in use are replaced by renaming a new one, not written to")
  }

  /// The bytes in `range`, which must lie in the file.
  package func memory(in range: Range<Int>) -> TensorMemory {
    TensorMemory(borrowing: UnsafeRawBufferPointer(rebasing: bytes[range]), owner: self)
  }

  /// Copies the bytes in `range`, which must lie in the file, and gives up their pages: a copy beside the mapping would
  /// take the memory twice.
  package func copy(_ range: Range<Int>, to target: UnsafeMutableRawBufferPointer) {
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
    forget(range)
  }

  package func discard(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, let base = self.bytes.baseAddress else { return }
    forget(start - base..<start - base + bytes.count)
  }

  /// Gives up the pages around `range`; reading them again brings them back from the file. At times all pages go: the
  /// system brings in more than is asked for.
  package func forget(_ range: Range<Int>) {
    if forgotten.add(1, ordering: .relaxed).newValue % 32 == 0 {
      madvise(mapping, mappedCount, Int32(MADV_DONTNEED))
      return
    }
    // Touching a page maps its neighbours too, by default 64 KiB, and nobody would give those up.
    let around = 1 << 16
    let first = max(range.lowerBound / around - 1, 0) * around
    let end = min((range.upperBound / around + 2) * around, mappedCount)
    madvise(mapping + first, end - first, Int32(MADV_DONTNEED))
  }

  #if canImport(Darwin)
    private static let anonymous = MAP_ANON
  #else
    private static let anonymous = MAP_ANONYMOUS
  #endif
}

/// What tells a file from others, and its contents from earlier ones.
private struct FileIdentity {
  private let device: UInt64
  private let number: UInt64
  private let byteCount: Int
  private let seconds, nanoseconds: Int

  init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(status.st_ino)
    byteCount = Int(status.st_size)
    #if canImport(Darwin)
      (seconds, nanoseconds) = (status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec)
    #else
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    #endif
  }

  /// Whether `later` is the same file with other contents.
  func isChanged(in later: FileIdentity) -> Bool {
    device == later.device && number == later.number
      && (byteCount != later.byteCount || seconds != later.seconds || nanoseconds != later.nanoseconds)
  }
}

extension ZooError {
  /// The error that `errno` names.
  static func ofSystem(_ message: String, _ path: String, advice: String? = nil) -> ZooError {
    let code = errno
    let missing = [ENOENT, ENOTDIR, EACCES, EPERM, EROFS].contains(code)
    return ZooError(
      missing ? .notFound : .badData, "\(message): \(String(cString: strerror(code)))", at: path, advice: advice)
  }
}
