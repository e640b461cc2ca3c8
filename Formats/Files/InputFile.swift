import ZooCore
import ZooPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is read from its beginning; closed when it goes.
package final class InputFile {
  package let path: String
  private let descriptor: Int32

  /// Opens the file at `path`.
  ///
  /// - Throws: `ZooError`: `notFound` when there is none, `badData` for a folder or a file that can't be read.
  package init(path: String) throws {
    self.path = path
    // Opening a pipe that nobody writes to would wait; so it reads as an empty file.
    descriptor = open(path.fileName, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      let missing = code == ENOENT || code == ENOTDIR
      throw ZooError(
        missing ? .notFound : .badData, missing ? "no such file" : String(cString: strerror(code)), at: path)
    }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      close(descriptor)
      throw ZooError(.badData, "a folder where a file is needed", at: path)
    }
    // From here on, a pipe's writer may take its time.
    _ = fcntl(descriptor, F_SETFL, 0)
  }

  deinit { close(descriptor) }

  /// The next `count` bytes, or as many as there are.
  package func read(_ count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = try read(into: UnsafeMutableRawBufferPointer(buffer))
    }
  }

  /// Fills `buffer` with the next bytes; returns how many there were.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      #if canImport(Darwin)
        let got = Darwin.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      #elseif canImport(Musl)
        let got = Musl.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      #else
        let got = Glibc.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      #endif
      if got == 0 { break }
      if got < 0 {
        if errno == EINTR { continue }
        throw ZooError(.badData, "can't be read: \(String(cString: strerror(errno)))", at: path)
      }
      filled += got
    }
    return filled
  }

  /// Everything that follows. Works for pipes too, whose size nobody knows.
  ///
  /// - Throws: `ZooError` (`badData`) where it is more than `limit` bytes.
  package func readToEnd(limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    func check(_ count: Int) throws {
      guard count <= limit else {
        throw ZooError(.badData, "the file is larger than \(limit >> 20) MiB, the limit for its kind", at: path)
      }
    }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
      try check(Int(status.st_size))
      bytes.reserveCapacity(Int(status.st_size))
    }
    while true {
      let piece = try read(1 << 18)
      if piece.isEmpty { return bytes }
      try check(bytes.count + piece.count)
      bytes += piece
    }
  }
}
