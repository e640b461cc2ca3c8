import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes files so that a reader sees the old one or the whole new one, never a part.
package enum OutputFile {
  /// Writes the pieces one after another to a new file beside `path`, and renames it to `path`.
  ///
  /// - Throws: `ZooError`: `notFound` when the folder does not exist, `badData` when the system refuses.
  package static func write(_ pieces: [UnsafeRawBufferPointer], to path: String) throws {
    var template = Array("\(path).XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw failure(path) }
    var isOpen = true
    do {
      for piece in pieces { try write(piece, to: descriptor, path) }
      // mkstemp makes files private; a new file should have what the umask leaves.
      let mask = umask(0)
      umask(mask)
      guard fchmod(descriptor, 0o666 & ~mask) == 0 else { throw failure(path) }
      isOpen = false
      guard close(descriptor) == 0, rename(template, path) == 0 else { throw failure(path) }
    } catch {
      if isOpen { close(descriptor) }
      unlink(template)
      throw error
    }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      #if canImport(Darwin)
        let count = Darwin.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      #elseif canImport(Musl)
        let count = Musl.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      #else
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      #endif
      if count < 0 {
        if errno == EINTR { continue }
        throw failure(path)
      }
      rest = rest.dropFirst(count)
    }
  }

  private static func failure(_ path: String) -> ZooError {
    let code = errno
    let missing = code == ENOENT || code == ENOTDIR
    return ZooError(
      missing ? .notFound : .badData, "can't be written: \(String(cString: strerror(code)))", at: path)
  }
}
