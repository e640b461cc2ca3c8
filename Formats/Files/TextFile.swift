import ZooCore

/// Text files as people's programs write them: in UTF-8 with a byte-order mark or without, or in UTF-16 or UTF-32 with
/// one; lines end with LF, CR LF or, in files without any LF, with CR.
package enum TextFile {
  /// The text in the file at `path`, which may be a pipe.
  ///
  /// - Parameter name: What errors call the file.
  /// - Throws: `ZooError`: `notFound`, or `badData` for a file that is larger than `limit` bytes or no text.
  package static func read(_ path: String, limit: Int, name: String? = nil) throws -> String {
    try decode(InputFile(path: path).readToEnd(limit: limit), name: name ?? path)
  }

  /// The lines of the text in the file at `path`.
  ///
  /// - Throws: as `read` does.
  package static func readLines(_ path: String, limit: Int, name: String? = nil) throws -> [String] {
    lines(of: try read(path, limit: limit, name: name))
  }

  /// The text that a file of these bytes holds.
  ///
  /// - Throws: `ZooError` (`badData`) for what is no text.
  package static func decode(_ bytes: [UInt8], name: String) throws -> String {
    let foreign = bytes.withUnsafeBytes(ForeignFile.init)
    if let text = text(bytes), !text.utf8.contains(0), foreign?.isPointer != true { return text }
    throw foreign?.error(at: name)
      ?? ZooError(.badData, "the file is no UTF-8 text", at: name, advice: "save it as text in UTF-8")
  }

  /// The lines of `text`; what follows the last line's end is none.
  package static func lines(of text: String) -> [String] {
    let scalars = text.unicodeScalars
    let isOld = !scalars.contains("\n")
    var lines = scalars.split(separator: isOld ? "\r" : "\n", omittingEmptySubsequences: false).map { line in
      String(!isOld && line.last == "\r" ? line.dropLast() : line)
    }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  private static func text(_ bytes: [UInt8]) -> String? {
    for (mark, width, isBig) in [
      ([0xFF, 0xFE, 0, 0], 4, false), ([0, 0, 0xFE, 0xFF], 4, true), ([0xFF, 0xFE], 2, false),
      ([0xFE, 0xFF], 2, true),
    ] as [([UInt8], Int, Bool)] where bytes.starts(with: mark) {
      let rest = bytes.dropFirst(mark.count)
      return width == 2
        ? units(rest, UInt16.self, isBig).flatMap { String(validating: $0, as: UTF16.self) }
        : units(rest, UInt32.self, isBig).flatMap { String(validating: $0, as: UTF32.self) }
    }
    return String(validating: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...], as: UTF8.self)
  }

  private static func units<Unit: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, _: Unit.Type, _ isBig: Bool) -> [Unit]?
  {
    let width = Unit.bitWidth / 8
    guard bytes.count % width == 0 else { return nil }
    return stride(from: bytes.startIndex, to: bytes.endIndex, by: width).map { start in
      let unit = bytes[start..<start + width]
      return (isBig ? Array(unit) : unit.reversed()).reduce(0) { $0 << 8 | Unit($1) }
    }
  }
}
