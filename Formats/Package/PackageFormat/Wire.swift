import ZooCore

/// Reads protobuf's encoding field by field, without trust in any number.
struct WireReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  enum Value {
    case number(UInt64)
    case fixed64
    case fixed32(UInt32)
    /// Where the bytes lie.
    case bytes(Range<Int>)
  }

  struct Field {
    let number: Int
    let value: Value
  }

  /// The next field; `nil` for bytes that are no protobuf.
  mutating func next() -> Field? {
    guard let tag = varint(), let number = Int(exactly: tag >> 3), number >= 1, number < 1 << 29 else { return nil }
    switch tag & 7 {
    case 0:
      guard let value = varint() else { return nil }
      return Field(number: number, value: .number(value))
    case 1:
      guard bytes.count - offset >= 8 else { return nil }
      offset += 8
      return Field(number: number, value: .fixed64)
    case 2:
      guard let length = varint().flatMap(Int.init(exactly:)), length <= bytes.count - offset else { return nil }
      defer { offset += length }
      return Field(number: number, value: .bytes(offset..<offset + length))
    case 5:
      guard bytes.count - offset >= 4 else { return nil }
      defer { offset += 4 }
      return Field(
        number: number,
        value: .fixed32(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))))
    default:
      return nil
    }
  }

  /// A number of up to ten bytes.
  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard offset < bytes.count else { return nil }
      let byte = UInt64(bytes[offset])
      offset += 1
      guard shift < 63 || byte <= 1 else { return nil }
      value |= (byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}

/// Writes protobuf's encoding.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func number(_ field: Int, _ value: UInt64) {
    varint(UInt64(field) << 3)
    varint(value)
  }

  mutating func fixed32(_ field: Int, _ value: UInt32) {
    varint(UInt64(field) << 3 | 5)
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// The tag and the length of `count` bytes that follow.
  mutating func length(_ field: Int, _ count: Int) {
    varint(UInt64(field) << 3 | 2)
    varint(UInt64(count))
  }

  mutating func packed(_ field: Int, _ values: [UInt64]) {
    var list = WireWriter()
    for value in values { list.varint(value) }
    length(field, list.bytes.count)
    bytes += list.bytes
  }

  mutating func append(_ more: [UInt8]) { bytes += more }

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
