import ZooCore
import Zip

extension ByteCursor {
  /// An unsigned number of `width` bytes, little-endian.
  mutating func unsigned(_ width: Int) throws -> UInt64 {
    var value: UInt64 = 0
    for (index, byte) in bytes[try take(width)].enumerated() where index < 8 { value |= UInt64(byte) << (8 * index) }
    return value
  }

  mutating func byte() throws -> Int { Int(try integer(UInt8.self)) }

  mutating func half() throws -> Int { Int(try integer(UInt16.self)) }

  mutating func word() throws -> Int { Int(try integer(UInt32.self)) }

  mutating func skip(_ count: Int) throws { _ = try take(count) }

  /// Passes the four letters that a structure begins with.
  mutating func signature(_ letters: StaticString) throws {
    let start = offset
    let range = try take(4)
    guard bytes[range].elementsEqual(UnsafeBufferPointer(start: letters.utf8Start, count: 4)) else {
      throw ZooError(.badData, "no \(letters) is where one should be", at: "byte \(start)")
    }
  }

  /// A text up to a zero byte, or to the end of the next `count` bytes.
  mutating func text(upTo count: Int) throws -> String {
    let range = try take(count)
    let end = bytes[range].firstIndex(of: 0) ?? range.upperBound
    return try text(range.lowerBound..<end)
  }

  /// Passes what pads a field that began at `start` to a multiple of 8.
  mutating func align(from start: Int) throws { try skip((8 - (offset - start) % 8) % 8) }
}
