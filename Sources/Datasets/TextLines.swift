import CZlib
import ZooCore
import ZooImage

/// The lines of a UTF-8 text file, compressed by gzip or not, without the white space around them.
///
/// - Throws: `ZooError`: `notFound` for a missing file, `badData` for one that is damaged, too large or no UTF-8.
public func textLines(contentsOf path: String) throws -> [String] {
  let most = 1 << 30
  let file = try InputFile(path: path)
  _ = try file.read(1)
  guard let stream = gzopen(path, "rb") else { throw ZooError(.badData, "can't be opened", at: path) }
  defer { gzclose(stream) }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 17)
  while true {
    let count = Int(gzread(stream, &piece, UInt32(piece.count)))
    guard count >= 0 else { throw ZooError(.badData, "the compressed text is damaged", at: path) }
    if count == 0 { break }
    bytes += piece[..<count]
    guard bytes.count <= most else { throw ZooError(.badData, "the text is larger than a gibibyte", at: path) }
  }
  var status: Int32 = 0
  _ = gzerror(stream, &status)
  guard status == Z_OK || status == Z_STREAM_END else {
    throw ZooError(.badData, "the compressed text is damaged or cut short", at: path)
  }
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw ZooError(.badData, "the file is no UTF-8 text", at: path)
  }
  var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    let start = line.firstIndex { !$0.properties.isWhitespace } ?? line.endIndex
    let end = line.lastIndex { !$0.properties.isWhitespace }.map { line.index(after: $0) } ?? line.endIndex
    return String(line[start..<max(start, end)])
  }
  // What follows the last line's end is no line.
  if lines.last == "" { lines.removeLast() }
  return lines
}
