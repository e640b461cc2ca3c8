import Files
import ZooCore

/// The bytes of a FlatBuffers file ("FlatBuffer Internals"), every offset in which is checked before it is followed.
///
/// Nothing stops a hostile file from pointing to one large vector a million times; so what is read of vectors and texts
/// is counted, and far more than the file has is refused.
final class FlatBytes {
  var bytes: UnsafeRawBufferPointer { file.bytes }
  /// Tables are read as long as somebody has them.
  private let file: MappedFile
  private var budget: Int

  init(_ file: MappedFile) {
    self.file = file
    budget = file.bytes.count.multipliedReportingOverflow(by: 8).partialValue + (1 << 20)
  }

  /// The number at `offset`, little-endian as every supported CPU is.
  func number<Number: BitwiseCopyable>(_ offset: Int, as _: Number.Type = Number.self) throws -> Number {
    guard offset >= 0, offset <= bytes.count - MemoryLayout<Number>.size else {
      throw ZooError(
        .badData, "an offset leads out of the file", at: "byte \(offset)", advice: "the file is damaged or cut off")
    }
    return bytes.loadUnaligned(fromByteOffset: offset, as: Number.self)
  }

  /// Where the reference at `offset` leads.
  func target(_ offset: Int) throws -> Int { offset + Int(try number(offset, as: UInt32.self)) }

  func charge(_ count: Int) throws {
    budget -= count
    guard budget >= 0 else { throw ZooError(.badData, "the file refers to its parts again and again") }
  }

  /// The elements of the vector at `offset`, as a range of bytes.
  func vector(_ offset: Int, width: Int) throws -> (start: Int, count: Int) {
    let count = Int(try number(offset, as: UInt32.self))
    guard count <= (bytes.count - offset - 4) / width else {
      throw ZooError(.badData, "a vector of \(count) elements is longer than the file", at: "byte \(offset)")
    }
    return (offset + 4, count)
  }

  /// The table that the file is about.
  func root() throws -> FlatTable { try FlatTable(self, try target(0)) }
}

/// A table of a FlatBuffers file: fields by number, each of which may be missing.
struct FlatTable {
  private let file: FlatBytes
  private let position: Int
  private let fields: Int
  private let fieldBytes: Int

  init(_ file: FlatBytes, _ position: Int) throws {
    self.file = file
    self.position = position
    let (fields, overflow) = position.subtractingReportingOverflow(Int(try file.number(position, as: Int32.self)))
    guard !overflow else { throw ZooError(.badData, "a table's fields are out of the file", at: "byte \(position)") }
    self.fields = fields
    fieldBytes = Int(try file.number(fields, as: UInt16.self))
    guard fieldBytes >= 4, fields + fieldBytes <= file.bytes.count else {
      throw ZooError(.badData, "a table's list of fields is damaged", at: "byte \(fields)")
    }
    try file.charge(8)
  }

  /// Where the field is; `nil` where it has its default.
  private func place(_ id: Int) throws -> Int? {
    guard 4 + 2 * id + 2 <= fieldBytes else { return nil }
    let offset = Int(try file.number(fields + 4 + 2 * id, as: UInt16.self))
    return offset == 0 ? nil : position + offset
  }

  func number<Number: BitwiseCopyable>(_ id: Int, _ fallback: Number) throws -> Number {
    try place(id).map { try file.number($0) } ?? fallback
  }

  func int(_ id: Int, _ fallback: Int32 = 0) throws -> Int { Int(try number(id, fallback)) }

  func bool(_ id: Int) throws -> Bool { try number(id, UInt8(0)) != 0 }

  func byte(_ id: Int) throws -> Int { Int(try number(id, Int8(0))) }

  func table(_ id: Int) throws -> FlatTable? {
    try place(id).map { try FlatTable(file, try file.target($0)) }
  }

  func tables(_ id: Int) throws -> [FlatTable] {
    guard let place = try place(id) else { return [] }
    let (start, count) = try file.vector(try file.target(place), width: 4)
    try file.charge(4 * count)
    return try (0..<count).map { try FlatTable(file, try file.target(start + 4 * $0)) }
  }

  /// A vector of numbers; empty where it is missing.
  func numbers<Number: BitwiseCopyable>(_ id: Int, _: Number.Type = Number.self) throws -> [Number] {
    guard let place = try place(id) else { return [] }
    let width = MemoryLayout<Number>.size
    let (start, count) = try file.vector(try file.target(place), width: width)
    try file.charge(width * count)
    return try (0..<count).map { try file.number(start + width * $0) }
  }

  func ints(_ id: Int) throws -> [Int] { try numbers(id, Int32.self).map(Int.init) }

  /// The bytes of a vector, as a range of the file.
  func range(_ id: Int) throws -> Range<Int>? {
    guard let place = try place(id) else { return nil }
    let (start, count) = try file.vector(try file.target(place), width: 1)
    return start..<start + count
  }

  func text(_ id: Int) throws -> String {
    guard let range = try range(id) else { return "" }
    try file.charge(range.count)
    guard let text = String(validating: file.bytes[range], as: UTF8.self) else {
      throw ZooError(.badData, "a text is no UTF-8", at: "byte \(range.lowerBound)")
    }
    return text
  }
}
