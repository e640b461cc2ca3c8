import CZlib
import Files
import ZooCore

/// The lines of a text file, compressed by gzip or not, without the white space around them.
///
/// - Throws: `ZooError`: `notFound` for a missing file, `badData` for one that is damaged, too large or no text.
package func textLines(contentsOf path: String) throws -> [String] {
  TextFile.lines(of: try wholeText(contentsOf: path)).map { line in
    let scalars = line.unicodeScalars
    let start = scalars.firstIndex { !$0.properties.isWhitespace } ?? scalars.endIndex
    let end = scalars.lastIndex { !$0.properties.isWhitespace }.map { scalars.index(after: $0) } ?? scalars.endIndex
    return String(scalars[start..<max(start, end)])
  }
}

/// A text file's contents, compressed by gzip or not.
///
/// - Throws: as `textLines`.
package func wholeText(contentsOf path: String) throws -> String {
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
  return try TextFile.decode(bytes, name: path)
}
