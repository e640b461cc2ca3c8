import CZlib
import Files
import ZooCore

/// Writes a zip archive of stored entries (PKWARE's APPNOTE 6.3), one after the other, with 64-bit sizes where they are
/// needed. The archive appears in its place with `finish()`.
///
/// ```swift
/// var archive = try ZipWriter(path)
/// try archive.add("weights.npy", byteCount: 128) { append in try append(bytes) }
/// try archive.finish()
/// ```
package struct ZipWriter {
  private struct Entry {
    let name: [UInt8]
    let offset: Int
    let byteCount: Int
    let checksum: UInt32
  }

  private let file: NewFile
  /// From this number on, a size or a place takes 64 bits.
  private let limit: Int
  private var entries: [Entry] = []
  private var names: Set<[UInt8]> = []

  package init(_ path: String) throws { try self.init(path, wideFrom: 0xFFFF_FFFF) }

  /// With another limit than the format's, so that tests need no large files.
  init(_ path: String, wideFrom limit: Int) throws {
    file = try NewFile(path)
    self.limit = limit
  }

  /// Writes an entry whose contents begin at a multiple of `alignment` of the file.
  ///
  /// - Parameter write: Gives the contents piece by piece to the closure it gets: `byteCount` bytes in all.
  /// - Throws: `ZooError`: `usage` for a name that is taken or too long; what `write` throws.
  package mutating func add(
    _ name: String, byteCount: Int, alignment: Int = 64,
    write: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let name = Array(name.utf8)
    guard name.count <= 65_000, !name.contains(0) else {
      throw ZooError(.usage, "a name of \(name.count) bytes, or with a zero in it, fits no zip archive")
    }
    guard names.insert(name).inserted else {
      throw ZooError(.usage, "the name is taken", advice: "give each tensor a name of its own")
    }
    let offset = file.count
    var extra: [UInt8] = []
    if byteCount >= limit { extra += Self.field(1, Self.quad(byteCount) + Self.quad(byteCount)) }
    let start = offset + 30 + name.count + extra.count
    var padding = (alignment - start % alignment) % alignment
    // A field takes 4 bytes at least.
    if (1..<4).contains(padding) { padding += alignment }
    if padding > 0 { extra += Self.field(Self.paddingField, [UInt8](repeating: 0, count: padding - 4)) }
    try file.append(
      Self.long(0x0403_4B50) + common(name, byteCount, isWide: byteCount >= limit, checksum: 0)
        + Self.word(name.count) + Self.word(extra.count) + name + extra)

    var written = 0
    var checksum: UInt = 0
    try write { piece in
      written += piece.count
      checksum = crc32_z(checksum, piece.baseAddress?.assumingMemoryBound(to: UInt8.self), piece.count)
      try file.append(piece)
    }
    guard written == byteCount else {
      throw ZooError(.defect, "\(written) bytes were written of an entry of \(byteCount)")
    }
    let entry = Entry(
      name: name, offset: offset, byteCount: byteCount, checksum: UInt32(truncatingIfNeeded: checksum))
    try file.replace(at: offset + 14, with: Self.long(Int(entry.checksum)))
    entries.append(entry)
  }

  /// Writes the directory and puts the archive in its place.
  package func finish() throws {
    let start = file.count
    for entry in entries {
      let isWide = entry.byteCount >= limit
      let isFar = entry.offset >= limit
      var sizes: [UInt8] = []
      if isWide { sizes += Self.quad(entry.byteCount) + Self.quad(entry.byteCount) }
      if isFar { sizes += Self.quad(entry.offset) }
      let extra = sizes.isEmpty ? [] : Self.field(1, sizes)
      try file.append(
        Self.long(0x0201_4B50) + Self.word(45)
          + common(entry.name, entry.byteCount, isWide: isWide || isFar, checksum: entry.checksum)
          + Self.word(entry.name.count) + Self.word(extra.count) + [UInt8](repeating: 0, count: 10)
          + Self.long(isFar ? 0xFFFF_FFFF : entry.offset) + entry.name + extra)
    }
    let end = file.count
    let size = end - start
    if start >= limit || size >= limit || entries.count >= 0xFFFF {
      // The 64-bit end record, and where it is.
      try file.append(
        Self.long(0x0606_4B50) + Self.quad(44) + Self.word(45) + Self.word(45) + Self.long(0) + Self.long(0)
          + Self.quad(entries.count) + Self.quad(entries.count) + Self.quad(size) + Self.quad(start))
      try file.append(Self.long(0x0706_4B50) + Self.long(0) + Self.quad(end) + Self.long(1))
    }
    let count = Self.word(min(entries.count, 0xFFFF))
    try file.append(
      Self.long(0x0605_4B50) + Self.long(0) + count + count + Self.long(size >= limit ? 0xFFFF_FFFF : size)
        + Self.long(start >= limit ? 0xFFFF_FFFF : start) + Self.word(0))
    try file.commit()
  }

  /// What both headers of an entry share: version, flags, method, time, checksum and sizes.
  private func common(_ name: [UInt8], _ byteCount: Int, isWide: Bool, checksum: UInt32) -> [UInt8] {
    let isASCII = name.allSatisfy { $0 < 0x80 }
    let size = Self.long(byteCount >= limit ? 0xFFFF_FFFF : byteCount)
    // Every archive is of 1 January 1980, the first day there is, so that equal contents give equal files.
    return Self.word(isWide ? 45 : 20) + Self.word(isASCII ? 0 : 0x800) + Self.word(0) + Self.word(0) + Self.word(0x21)
      + Self.long(Int(checksum)) + size + size
  }

  /// "FB", the field that PyTorch fills space with.
  private static let paddingField = 0x4246

  private static func field(_ kind: Int, _ contents: [UInt8]) -> [UInt8] {
    word(kind) + word(contents.count) + contents
  }

  private static func word(_ value: Int) -> [UInt8] { bytes(UInt16(truncatingIfNeeded: value)) }
  private static func long(_ value: Int) -> [UInt8] { bytes(UInt32(truncatingIfNeeded: value)) }
  private static func quad(_ value: Int) -> [UInt8] { bytes(UInt64(truncatingIfNeeded: value)) }

  private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
