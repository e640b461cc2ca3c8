import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file, mapped for reading. Tensors that borrow its bytes keep it alive.
final class MappedFile: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
  /// Bytes from the start of the mapping that may be read without a fault: the file's and the rest of its last page.
  let readable: Int

  /// - Throws: `ZooError`: `notFound` where no file can be opened, `badData` where it can't be mapped.
  init(path: String) throws {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw ZooError(.notFound, "the file can't be opened: \(String(cString: strerror(errno)))", at: path)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ZooError(.badData, "not a regular file", at: path)
    }
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      readable = 0
      return
    }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw ZooError(.badData, "the file can't be mapped: \(String(cString: strerror(errno)))", at: path)
    }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    readable = (size + page - 1) / page * page
  }

  deinit {
    if let address = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
  }
}
