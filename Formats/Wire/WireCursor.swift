import ZooCore

/// How protobuf writes a field's value ("Encoding", Message Structure). Groups, which newer schemas don't have, are not
/// read.
package enum WireType: UInt8 {
  case varint = 0
  case fixed64 = 1
  case delimited = 2
  case fixed32 = 5
}

/// A tag and its value, as byte ranges of the file.
package struct WireField {
  package let number: Int32
  package let wireType: WireType
  /// From the tag to the end of the value.
  package let whole: Range<Int>
  /// The value; without the length prefix where there is one.
  package let value: Range<Int>
}

/// Reads protobuf's wire format inside a part of a file, checking every length against that part's end.
package struct WireCursor {
  package let bytes: UnsafeRawBufferPointer
  package private(set) var offset: Int
  package let end: Int

  /// `range` must lie inside `bytes`.
  package init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.bytes = bytes
    offset = range.lowerBound
    end = range.upperBound
  }

  /// The next field; `nil` at the end.
  ///
  /// - Throws: `ZooError` (`badData`) for a tag or a value that is damaged or cut off.
  package mutating func next() throws -> WireField? {
    guard offset < end else { return nil }
    let start = offset
    let tag = try varint()
    guard tag <= UInt64(UInt32.max), tag >> 3 > 0 else { throw damage("a damaged field tag", at: start) }
    guard let wireType = WireType(rawValue: UInt8(tag & 7)) else {
      throw damage("the wire type \(tag & 7), which is not read", at: start)
    }
    let length: UInt64
    var begin = offset
    switch wireType {
    case .varint:
      _ = try varint()
      length = UInt64(offset - begin)
    case .fixed64: length = 8
    case .fixed32: length = 4
    case .delimited:
      length = try varint()
      begin = offset
    }
    guard length <= UInt64(end - begin) else {
      throw damage("field \(tag >> 3) says \(length) bytes where \(end - begin) are left", at: start)
    }
    offset = begin + Int(length)
    return WireField(number: Int32(tag >> 3), wireType: wireType, whole: start..<offset, value: begin..<offset)
  }

  /// The next field's value if that is another of the field `number`; `nil`, and nothing is read, if it is not.
  package mutating func next(ofField number: Int32, _ wireType: WireType) throws -> Range<Int>? {
    let start = offset
    guard offset < end, try varint() == UInt64(UInt32(bitPattern: number)) << 3 | UInt64(wireType.rawValue) else {
      offset = start
      return nil
    }
    let begin = offset
    switch wireType {
    case .varint: _ = try varint()
    case .fixed64: offset += 8
    case .fixed32: offset += 4
    case .delimited: offset += Int(clamping: try varint())
    }
    guard begin <= offset, offset <= end else { throw damage("a number is cut off", at: start) }
    return begin..<offset
  }

  /// A number of up to ten bytes with seven bits each.
  package mutating func varint() throws -> UInt64 {
    var value: UInt64 = 0
    let start = offset
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard offset < end else { throw damage("a number is cut off", at: start) }
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw damage("a number longer than ten bytes", at: start)
  }

  private func damage(_ message: String, at offset: Int) -> ZooError {
    ZooError(
      .badData, "not a valid protobuf message: \(message)", at: "byte \(offset)",
      advice: "the file is damaged, cut off, or of another format")
  }
}

extension [UInt8] {
  /// Appends a number, seven bits a byte.
  package mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  package mutating func appendTag(_ number: Int32, _ wireType: WireType) {
    appendVarint(UInt64(UInt32(bitPattern: number)) << 3 | UInt64(wireType.rawValue))
  }
}
