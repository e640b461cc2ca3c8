import ModelZoo

/// Texts that are read at once at most.
private let mostTextBytes = 256 << 20

/// The texts that a command is asked about: those in `inputs`, where - stands for the lines of standard input, and the
/// lines of `file`.
///
/// - Throws: `ZooError`: `notFound`, or `badData` for a file that is no UTF-8 text.
func textInputs(_ inputs: [String], file: String?) throws -> [String] {
  try inputs.flatMap { try $0 == "-" ? textLines("/dev/stdin", name: "standard input") : [$0] }
    + (file.map { try textLines($0, name: $0) } ?? [])
}

private func textLines(_ path: String, name: String) throws -> [String] {
  let bytes = try InputFile(path: path).readToEnd(limit: mostTextBytes)
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw ZooError(.badData, "the file is no UTF-8 text", at: name)
  }
  var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    String(line.last == "\r" ? line.dropLast() : line)
  }
  // What follows the last line's end is no line.
  if lines.last?.isEmpty == true { lines.removeLast() }
  return lines
}
