import ZooCore

/// Reads forward through bytes that nobody vouches for; little-endian.
package struct ByteCursor {
  package let bytes: UnsafeRawBufferPointer
  @usableFromInline package internal(set) var offset: Int

  package init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
    self.bytes = bytes
    self.offset = min(max(offset, 0), bytes.count)
  }

  @inlinable
  package var remaining: Int { bytes.count - offset }

  /// Where the next `count` bytes are, having passed them.
  @inlinable
  package mutating func take(_ count: Int) throws -> Range<Int> {
    guard count >= 0, count <= remaining else {
      throw ZooError(
        .badData, "the file ends in the middle: \(count) bytes are declared, \(remaining) are left",
        at: "byte \(offset)", advice: "the file is damaged; copy or download it again")
    }
    defer { offset += count }
    return offset..<offset + count
  }

  @inlinable
  package mutating func integer<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws -> Number {
    let range = try take(MemoryLayout<Number>.size)
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Number.self))
  }

  /// A declared length, which must fit into what is left.
  @inlinable
  package mutating func length<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Int {
    let declared = try integer(type)
    guard let count = Int(exactly: declared), count >= 0, count <= remaining else {
      throw ZooError(
        .badData, "a length of \(declared) bytes is declared, but \(remaining) are left",
        at: "byte \(offset)", advice: "the file is damaged; copy or download it again")
    }
    return count
  }

  /// The bytes up to the next newline, having passed it too.
  package mutating func line() throws -> Range<Int> {
    guard let end = bytes[offset...].firstIndex(of: 0x0A) else {
      throw ZooError(.badData, "a line of text has no end", at: "byte \(offset)")
    }
    defer { offset = end + 1 }
    return offset..<end
  }

  package func text(_ range: Range<Int>) throws -> String {
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw ZooError(.badData, "a text is not valid UTF-8", at: "byte \(range.lowerBound)")
    }
    return text
  }
}
