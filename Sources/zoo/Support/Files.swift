import ModelZoo

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// - Throws: `ZooError` (`notFound`).
func fileSize(_ path: String) throws -> Int {
  var status = stat()
  guard stat(path, &status) == 0 else { throw ZooError(.notFound, "no such file", at: path) }
  return Int(status.st_size)
}
