import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file's bytes, mapped read-only for as long as this lives.
final class MappedFile: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer

  /// Bytes that can be read from the start of the mapping: its last page counts whole.
  var readableCount: Int {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    return (bytes.count + page - 1) / page * page
  }

  init(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemError("can't be opened") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw systemError("can't be read") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw ZooError(.badData, "is not a file") }
    let count = Int(status.st_size)
    guard count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw systemError("can't be mapped")
    }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }
}

/// The error that `errno` names.
func systemError(_ message: String) -> ZooError {
  let code = errno
  let missing = [ENOENT, ENOTDIR, EACCES, EPERM, EROFS].contains(code)
  return ZooError(missing ? .notFound : .badData, "\(message): \(String(cString: strerror(code)))")
}
