import ModelZoo

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes of the file at `path`.
///
/// - Throws: `ZooError`: `notFound` or `badData`.
func readFile(_ path: String) throws -> [UInt8] { try InputFile(path: path).readToEnd() }

/// - Throws: `ZooError` (`notFound`).
func fileSize(_ path: String) throws -> Int {
  var status = stat()
  guard stat(path, &status) == 0 else { throw ZooError(.notFound, "no such file", at: path) }
  return Int(status.st_size)
}
