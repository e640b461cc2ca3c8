import Files
import ModelZoo

/// Texts that are read at once at most.
private let mostTextBytes = 256 << 20

/// The texts that a command is asked about: those in `inputs`, where - stands for the lines of standard input, and the
/// lines of `file`.
///
/// - Throws: `ZooError`: `notFound`, or `badData` for a file that is no text.
func textInputs(_ inputs: [String], file: String?) throws -> [String] {
  func lines(_ path: String, _ name: String) throws -> [String] {
    try TextFile.readLines(path, limit: mostTextBytes, name: name)
  }
  return try inputs.flatMap { try $0 == "-" ? lines("/dev/stdin", "standard input") : [$0] }
    + (file.map { try lines($0, $0) } ?? [])
}
