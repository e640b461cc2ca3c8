import Files
import ModelZoo
import ZooCore
import ZooPlatform

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
  guard stat(path.fileName, &status) == 0 else { throw ZooError(.notFound, "no such file", at: path) }
  guard status.st_mode & S_IFMT == S_IFDIR else { return Int(status.st_size) }
  // Of a folder, the files of weights that it holds.
  return WeightFiles.fileNames(in: path).reduce(0) { $0 + ((try? fileSize("\(path)/\($1)")) ?? 0) }
}

/// Whether a pipe or a device is there.
func isStream(_ path: String) -> Bool {
  var status = stat()
  guard stat(path.fileName, &status) == 0 else { return false }
  return [S_IFIFO, S_IFCHR].contains(status.st_mode & S_IFMT)
}

/// Copies a small file; the folder that it goes to is made where it is missing.
func copyFile(_ path: String, to other: String) throws {
  if let slash = other.lastIndex(of: "/") { mkdir(String(other[..<slash]).fileName, 0o777) }
  try MappedFile.reading(path) { try NewFile.write([$0.bytes], to: other) }
}
