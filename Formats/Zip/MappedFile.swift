import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file mapped for reading, for as long as the object lives.
package final class MappedFile: @unchecked Sendable {
  package let bytes: UnsafeRawBufferPointer
  private let mapping: UnsafeMutableRawPointer
  private let mappedCount: Int

  package init(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ZooError(errno == ENOENT ? .notFound : .badData, "can't open the file: \(Self.reason())", at: path)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ZooError(.badData, "this is no regular file", at: path)
    }
    let count = Int(status.st_size)
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    // One page more than the file has, so that vector loads may run past its last bytes.
    mappedCount = (count + page - 1) / page * page + page
    let flags = MAP_PRIVATE | Self.anonymous
    guard let mapping = mmap(nil, mappedCount, PROT_READ, flags, -1, 0), mapping != MAP_FAILED else {
      throw ZooError(.badData, "can't map the file: \(Self.reason())", at: path)
    }
    self.mapping = mapping
    bytes = UnsafeRawBufferPointer(start: mapping, count: count)
    if count > 0 {
      guard mmap(mapping, count, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0) != MAP_FAILED else {
        throw ZooError(.badData, "can't map the file: \(Self.reason())", at: path)
      }
    }
  }

  deinit { munmap(mapping, mappedCount) }

  /// The bytes in `range`, which must lie in the file.
  package func memory(in range: Range<Int>) -> TensorMemory {
    TensorMemory(borrowing: UnsafeRawBufferPointer(rebasing: bytes[range]), owner: self)
  }

  private static func reason() -> String { String(cString: strerror(errno)) }

  #if canImport(Darwin)
    private static let anonymous = MAP_ANON
  #else
    private static let anonymous = MAP_ANONYMOUS
  #endif
}
