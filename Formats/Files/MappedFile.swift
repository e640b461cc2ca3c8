import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file, mapped for reading for as long as the object lives. Tensors that borrow its bytes keep it alive.
package final class MappedFile: @unchecked Sendable {
  package let path: String
  package let bytes: UnsafeRawBufferPointer
  private let mapping: UnsafeMutableRawPointer
  private let mappedCount: Int

  /// - Throws: `ZooError`: `notFound` where no file can be opened, `badData` where it can't be mapped.
  package init(_ path: String) throws {
    self.path = path
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ZooError.ofSystem("the file can't be opened", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ZooError(.badData, "not a regular file", at: path)
    }
    let count = Int(status.st_size)
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    // One page more than the file has, so that vector loads may run past its last bytes.
    mappedCount = (count + page - 1) / page * page + page
    let flags = MAP_PRIVATE | Self.anonymous
    guard let mapping = mmap(nil, mappedCount, PROT_READ, flags, -1, 0), mapping != MAP_FAILED else {
      throw ZooError.ofSystem("the file can't be mapped", path)
    }
    self.mapping = mapping
    bytes = UnsafeRawBufferPointer(start: mapping, count: count)
    if count > 0 {
      guard mmap(mapping, count, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0) != MAP_FAILED else {
        throw ZooError.ofSystem("the file can't be mapped", path)
      }
    }
  }

  deinit { munmap(mapping, mappedCount) }

  /// The bytes in `range`, which must lie in the file.
  package func memory(in range: Range<Int>) -> TensorMemory {
    TensorMemory(borrowing: UnsafeRawBufferPointer(rebasing: bytes[range]), owner: self)
  }

  #if canImport(Darwin)
    private static let anonymous = MAP_ANON
  #else
    private static let anonymous = MAP_ANONYMOUS
  #endif
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
