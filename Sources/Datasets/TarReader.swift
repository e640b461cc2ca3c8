import CZlib
import ZooCore
import ZooImage

/// Reads a tar archive (POSIX ustar and pax, and GNU's long names), compressed by gzip or not, from front to back.
final class TarReader {
  /// One file of the archive.
  struct Entry {
    let name: String
    let size: Int
  }

  static let blockSize = 512
  /// Longer names and pax headers than this are not honest.
  private static let maximumMetadata = 1 << 16

  private let stream: gzFile
  /// Bytes of the uncompressed archive that have been read.
  private var position = 0
  /// Bytes of the current entry that are not read yet, and what fills its last block.
  private var remaining = 0
  private var padding = 0

  /// Whether a file that begins with `bytes` may be an archive: gzip's magic, or tar's in its first block.
  static func sniff(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x1f, 0x8b]) || bytes.count == blockSize && hasValidChecksum(bytes)
  }

  init(_ path: String) throws {
    guard let stream = gzopen(path, "rb") else { throw ZooError(.badData, "can't be opened", at: path) }
    self.stream = stream
    gzbuffer(stream, 1 << 17)
  }

  deinit { gzclose(stream) }

  /// The next file; `nil` at the end. Folders, links and devices are passed over.
  ///
  /// - Throws: `ZooError` (`badData`) for a damaged or truncated archive.
  func next() throws -> Entry? {
    try skipContents()
    var longName: String?
    var longSize: Int?
    while true {
      var header = [UInt8](repeating: 0, count: Self.blockSize)
      try fill(&header)
      if header.allSatisfy({ $0 == 0 }) {
        try finish()
        return nil
      }
      guard Self.hasValidChecksum(header) else { throw Self.damaged("a header's checksum does not match") }
      guard let size = Self.number(header[124..<136]) else { throw Self.damaged("a header has no valid size") }
      switch header[156] {
      case UInt8(ascii: "0"), UInt8(ascii: "7"), 0:
        begin(longSize ?? size)
        return Entry(name: longName ?? Self.name(header), size: longSize ?? size)
      case UInt8(ascii: "L"):
        begin(size)
        longName = Self.text(try metadata(size)[...])
      case UInt8(ascii: "x"):
        begin(size)
        let fields = try Self.paxFields(metadata(size))
        longName = fields["path"] ?? longName
        if let text = fields["size"] {
          guard let size = Int(text), size >= 0 else { throw Self.damaged("a pax header has no valid size") }
          longSize = size
        }
        guard fields["GNU.sparse.major"] == nil else {
          throw ZooError(.unsupported, "the archive holds a sparse file")
        }
      case UInt8(ascii: "S"): throw ZooError(.unsupported, "the archive holds a sparse file")
      case UInt8(ascii: "1")...UInt8(ascii: "6"):
        // Links, devices and folders have no contents, whatever their size says.
        (longName, longSize) = (nil, nil)
      default:
        begin(size)
        try skipContents()
      }
    }
  }

  /// The whole contents of the entry that `next` returned.
  ///
  /// - Throws: `ZooError` (`badData`) where the archive ends first. Memory grows with what is there, not with what the
  ///   header claims.
  func contents() throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(remaining, 1 << 20))
    while remaining > 0 {
      var piece = [UInt8](repeating: 0, count: min(remaining, 1 << 18))
      try fill(&piece)
      remaining -= piece.count
      bytes += piece
    }
    try skipContents()
    return bytes
  }

  private func begin(_ size: Int) {
    remaining = size
    padding = (Self.blockSize - size % Self.blockSize) % Self.blockSize
  }

  private func metadata(_ size: Int) throws -> [UInt8] {
    guard size <= Self.maximumMetadata else { throw Self.damaged("a name of \(size) bytes makes no sense") }
    return try contents()
  }

  private func skipContents() throws {
    var scratch = [UInt8](repeating: 0, count: min(max(remaining, padding), 1 << 16))
    while remaining > 0 {
      if scratch.count > remaining { scratch.removeLast(scratch.count - remaining) }
      try fill(&scratch)
      remaining -= scratch.count
    }
    if padding > 0 {
      scratch = [UInt8](repeating: 0, count: padding)
      try fill(&scratch)
      padding = 0
    }
  }

  /// Reads what follows the archive's end, so that gzip's checksum is compared.
  private func finish() throws {
    guard gzdirect(stream) == 0 else { return }
    var scratch = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Int(gzread(stream, &scratch, UInt32(scratch.count)))
      if count <= 0 { break }
      try pass(count)
    }
    var code = Z_OK
    gzerror(stream, &code)
    guard code == Z_OK || code == Z_STREAM_END else {
      throw Self.damaged("its compressed data ends early or is damaged")
    }
  }

  private func fill(_ bytes: inout [UInt8]) throws {
    guard !bytes.isEmpty else { return }
    let wanted = bytes.count
    let count = bytes.withUnsafeMutableBytes { gzread(stream, $0.baseAddress, UInt32(wanted)) }
    if count == wanted { return try pass(wanted) }
    var code = Z_OK
    gzerror(stream, &code)
    guard count >= 0, code == Z_OK || code == Z_BUF_ERROR else { throw Self.damaged("its compressed data is damaged") }
    throw Self.damaged("it ends in the middle")
  }

  /// Counts what was read, and refuses what is only made to keep somebody busy: pictures hardly shrink.
  private func pass(_ count: Int) throws {
    position += count
    guard position <= 1 << 30 || position / 64 <= gzoffset(stream) else {
      throw Self.damaged("\(gzoffset(stream)) compressed bytes grow to more than \(position)")
    }
  }

  private static func damaged(_ reason: String) -> ZooError {
    ZooError(
      .badData, "the tar archive is damaged or incomplete: \(reason)", advice: "copy or download it again")
  }

  // MARK: Fields

  /// The sum of a header's bytes, with the sum's own field counted as spaces.
  private static func hasValidChecksum(_ header: [UInt8]) -> Bool {
    let sum = header.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 0x20 : Int(header[$1])) }
    return number(header[148..<156]) == sum
  }

  /// A number in octal digits, or in GNU's binary form when the first bit is set; `nil` for anything else.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if let first = field.first, first & 0x80 != 0 {
      var value = Int(first & 0x7f)
      for byte in field.dropFirst() {
        guard value < 1 << 54 else { return nil }
        value = value << 8 | Int(byte)
      }
      return value
    }
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
    return digits.isEmpty ? 0 : Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
  }

  private static func name(_ header: [UInt8]) -> String {
    let name = text(header[0..<100])
    guard header[257..<263].elementsEqual("ustar\0".utf8) else { return name }
    let prefix = text(header[345..<500])
    return prefix.isEmpty ? name : "\(prefix)/\(name)"
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Records `LENGTH KEY=VALUE\n`, where the length counts the whole record.
  private static func paxFields(_ bytes: [UInt8]) throws -> [String: String] {
    var fields: [String: String] = [:]
    var rest = bytes[...]
    while let space = rest.firstIndex(of: 0x20) {
      guard let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length <= rest.count,
        length > space - rest.startIndex + 1
      else { throw damaged("a pax header is malformed") }
      let record = rest[(space + 1)..<(rest.startIndex + length)].dropLast()
      if let equals = record.firstIndex(of: UInt8(ascii: "=")) {
        fields[text(record[..<equals])] = text(record[(equals + 1)...])
      }
      rest = rest.dropFirst(length)
    }
    return fields
  }
}
