import CZlib
import Files
import ZooCore

/// The directory of a zip archive (PKWARE's APPNOTE 6.3), with 64-bit sizes, over a mapped file.
///
/// Strict where the writers of PyTorch and NumPy leave no freedom: nothing before the archive, no encryption, no two entries of one
/// name, no entries that overlap.
package struct ZipArchive: Sendable {
  package struct Entry: Sendable {
    package let name: String
    package let isDeflated: Bool
    fileprivate let checksum: UInt32
    /// Uncompressed.
    package let byteCount: Int
    /// Where the entry's bytes are in the file.
    fileprivate let range: Range<Int>
    package var storedByteCount: Int { range.count }
  }

  package let file: MappedFile
  /// In the directory's order.
  package let entries: [Entry]
  /// By the bytes of their names: Swift holds texts for equal that have the same characters in other bytes.
  private let places: [[UInt8]: Int]

  package static func sniff(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) }

  package init(_ file: MappedFile) throws {
    self.file = file
    let directory = try Self.directory(file.bytes)
    var cursor = ByteCursor(
      UnsafeRawBufferPointer(rebasing: file.bytes[..<directory.range.upperBound]), at: directory.range.lowerBound)
    var entries: [Entry] = []
    var indices: [[UInt8]: Int] = [:]
    var places: [Range<Int>] = []
    while cursor.remaining > 0 {
      let start = cursor.offset
      do {
        let (entry, place) = try Self.entry(&cursor, of: file.bytes, end: directory.range.lowerBound)
        guard indices.updateValue(entries.count, forKey: Array(entry.name.utf8)) == nil else {
          throw ZooError(.badData, "the archive holds \(entry.name) twice")
        }
        entries.append(entry)
        places.append(place)
      } catch let error as ZooError {
        throw error.located("zip directory, byte \(start)")
      }
    }
    guard entries.count == directory.count else {
      throw ZooError(.badData, "the zip directory declares \(directory.count) entries and holds \(entries.count)")
    }
    places.sort { $0.lowerBound < $1.lowerBound }
    for (place, next) in zip(places, places.dropFirst()) where place.upperBound > next.lowerBound {
      throw ZooError(.badData, "two entries of the archive overlap", at: "byte \(next.lowerBound)")
    }
    try Self.checkInflation(entries)
    self.entries = entries
    self.places = indices
  }

  /// The entry of that name; `nil` where there is none.
  package subscript(name: some StringProtocol) -> Entry? { places[Array(name.utf8)].map { entries[$0] } }

  /// How far archives may grow: arrays and weights shrink to a few tenths, and masks and labels to a few hundredths.
  private static let inflation = (slack: 64 << 20, ratio: 64)

  /// Refuses archives that are only made to fill the memory.
  private static func checkInflation(_ entries: some Sequence<Entry>) throws {
    var stored = 0
    var inflated = 0
    for entry in entries where entry.isDeflated {
      // Entries don't overlap, and none is more than 1032 times its place in the file: no overflow.
      stored += entry.range.count
      inflated += entry.byteCount
    }
    guard inflated <= inflation.slack + inflation.ratio * stored else {
      throw ZooError(
        .badData, "\(stored) bytes of the archive would grow to \(inflated), more than honest contents do",
        advice: "if it is to be so, save it without compression")
    }
  }

  /// The bytes of `entry`: in the mapped file if it is stored, else inflated.
  package func contents(_ entry: Entry, checksum: Bool) throws -> TensorMemory {
    let stored = file.memory(in: entry.range)
    let memory = entry.isDeflated ? try Self.inflate(stored, to: entry.byteCount, name: entry.name) : stored
    if checksum { try check(UnsafeRawBufferPointer(memory.mutableBytes), of: entry) }
    return memory
  }

  /// The first bytes of `entry`, at most `count`, unchecked.
  package func beginning(of entry: Entry, count: Int) throws -> TensorMemory {
    let count = min(count, entry.byteCount)
    guard entry.isDeflated else {
      return file.memory(in: entry.range.lowerBound..<entry.range.lowerBound + count)
    }
    return try Self.inflate(file.memory(in: entry.range), to: count, of: entry.byteCount, name: entry.name)
  }

  /// Compares the checksum with that of `bytes`, the entry's contents.
  private func check(_ bytes: UnsafeRawBufferPointer, of entry: Entry) throws {
    // PyTorch writes 0 when it is told to leave the checksums out.
    guard entry.checksum != 0 else { return }
    var found: UInt = 0
    for start in stride(from: 0, to: bytes.count, by: Self.step) {
      let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Self.step, bytes.count)])
      found = crc32_z(found, piece.baseAddress?.assumingMemoryBound(to: UInt8.self), piece.count)
      // Archives may be larger than the memory.
      if !entry.isDeflated { file.discard(piece) }
    }
    guard UInt32(truncatingIfNeeded: found) == entry.checksum else {
      throw ZooError(
        .badData, "the checksum does not match the contents", at: entry.name,
        advice: "the file is damaged; copy or download it again")
    }
  }

  /// Bytes that are checked at a time.
  private static let step = 8 << 20

  // MARK: Parsing

  private static func damaged(_ message: String) -> ZooError {
    ZooError(.badData, message, advice: "the file is damaged or incomplete; copy or download it again")
  }

  /// Where the central directory is, and how many entries it declares.
  private static func directory(_ bytes: UnsafeRawBufferPointer) throws -> (range: Range<Int>, count: UInt64) {
    // The end record is 22 bytes and a comment of at most 65535.
    let earliest = max(0, bytes.count - 22 - 65535)
    var candidate = bytes.count - 22
    while candidate >= earliest {
      let comment = Int(word(bytes, candidate + 20))
      if long(bytes, candidate) == 0x0605_4B50, candidate + 22 + comment == bytes.count { break }
      candidate -= 1
    }
    guard candidate >= earliest else { throw damaged("the zip archive's directory is missing at the end of the file") }
    var count = UInt64(word(bytes, candidate + 10))
    var size = UInt64(long(bytes, candidate + 12))
    var offset = UInt64(long(bytes, candidate + 16))
    var end = candidate
    if candidate >= 20, long(bytes, candidate - 20) == 0x0706_4B50 {
      let place = quad(bytes, candidate - 12)
      guard candidate >= 76, place <= UInt64(candidate - 76), long(bytes, Int(place)) == 0x0606_4B50 else {
        throw damaged("the zip archive's 64-bit end record is not where it should be")
      }
      end = Int(place)
      count = quad(bytes, end + 32)
      size = quad(bytes, end + 40)
      offset = quad(bytes, end + 48)
    }
    guard offset <= UInt64(end), size == UInt64(end) - offset else {
      throw damaged("the zip archive's directory is not where its end record says")
    }
    return (Int(offset)..<end, count)
  }

  private static func entry(
    _ cursor: inout ByteCursor, of bytes: UnsafeRawBufferPointer, end: Int
  ) throws -> (Entry, place: Range<Int>) {
    let header = try cursor.take(46).lowerBound
    guard long(bytes, header) == 0x0201_4B50 else { throw damaged("an entry of the zip directory has no signature") }
    let flags = word(bytes, header + 8)
    let method = word(bytes, header + 10)
    var compressed = UInt64(long(bytes, header + 20))
    var size = UInt64(long(bytes, header + 24))
    var offset = UInt64(long(bytes, header + 42))
    let name = try cursor.text(cursor.take(Int(word(bytes, header + 28))))
    let extra = try cursor.take(Int(word(bytes, header + 30)))
    _ = try cursor.take(Int(word(bytes, header + 32)))
    guard flags & 1 == 0 else { throw ZooError(.unsupported, "the archive's entry \(name) is encrypted") }

    // Fields of 32 bits that are full have their values in the extra field 1, in this order.
    var fields = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[extra]))
    while fields.remaining >= 4 {
      let kind: UInt16 = try fields.integer()
      let field = try fields.take(fields.length(UInt16.self))
      guard kind == 1 else { continue }
      var wide = ByteCursor(UnsafeRawBufferPointer(rebasing: fields.bytes[field]))
      if size == 0xFFFF_FFFF { size = try wide.integer() }
      if compressed == 0xFFFF_FFFF { compressed = try wide.integer() }
      if offset == 0xFFFF_FFFF { offset = try wide.integer() }
    }

    // The local header repeats the name; its sizes may be left to a descriptor behind the contents.
    guard end >= 30, offset <= UInt64(end - 30), long(bytes, Int(offset)) == 0x0403_4B50 else {
      throw damaged("the archive's entry \(name) is not where the directory says")
    }
    let local = Int(offset)
    let nameEnd = local + 30 + Int(word(bytes, local + 26))
    let start = nameEnd + Int(word(bytes, local + 28))
    guard start <= end, compressed <= UInt64(end - start) else {
      throw damaged("the archive's entry \(name) reaches beyond the file's contents")
    }
    guard name.utf8.elementsEqual(bytes[(local + 30)..<nameEnd]) else {
      throw damaged("the archive's entry \(name) has another name at its contents")
    }
    let range = start..<start + Int(compressed)
    switch method {
    case 0:
      guard size == compressed else { throw damaged("the stored entry \(name) has two different sizes") }
    case 8:
      // Deflate can't shrink by more than 1032 to 1.
      guard size / 1032 <= compressed else { throw damaged("the entry \(name) claims an impossible size") }
    default: throw ZooError(.unsupported, "the archive's entry \(name) is compressed by method \(method)")
    }
    guard let byteCount = Int(exactly: size) else { throw damaged("the entry \(name) claims an impossible size") }
    let entry = Entry(
      name: name, isDeflated: method == 8, checksum: long(bytes, header + 16), byteCount: byteCount, range: range)
    return (entry, local..<range.upperBound)
  }

  /// The first `byteCount` bytes of `total`, or all of them.
  private static func inflate(
    _ source: TensorMemory, to byteCount: Int, of total: Int? = nil, name: String
  ) throws -> TensorMemory {
    let result = try TensorMemory(byteCount: byteCount)
    var stream = z_stream()
    // A negative window size: deflate without zlib's header, as zip has it.
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ZooError(.badData, "zlib can't start", at: name)
    }
    defer { inflateEnd(&stream) }
    var input = 0
    var output = 0
    // zlib counts in 32 bits.
    let step = Int(UInt32.max)
    var status = Z_OK
    while status == Z_OK {
      let given = min(step, source.count - input)
      let wanted = min(step, byteCount - output)
      stream.next_in = source.mutableBytes.baseAddress.map { ($0 + input).assumingMemoryBound(to: UInt8.self) }
      stream.avail_in = UInt32(given)
      stream.next_out = result.mutableBytes.baseAddress.map { ($0 + output).assumingMemoryBound(to: UInt8.self) }
      stream.avail_out = UInt32(wanted)
      status = CZlib.inflate(&stream, Z_NO_FLUSH)
      input += given - Int(stream.avail_in)
      output += wanted - Int(stream.avail_out)
    }
    let isPart = byteCount < total ?? byteCount
    guard output == byteCount, status == Z_STREAM_END || isPart && status == Z_BUF_ERROR else {
      throw ZooError(.badData, "the compressed contents are damaged", at: name)
    }
    return result
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt16 {
    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  private static func long(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  private static func quad(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}
