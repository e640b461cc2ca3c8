import ModelZoo
import NIOCore

// The protocol's names of element types, and tensors in its two forms: JSON, and bytes in memory order (little-endian),
// where each string follows its length in four bytes.

extension ElementType {
  /// What the protocol calls the type; `nil` for one that it does not know.
  var datatype: String? {
    switch self {
    case .bool: "BOOL"
    case .uint8: "UINT8"
    case .uint16: "UINT16"
    case .uint32: "UINT32"
    case .uint64: "UINT64"
    case .int8: "INT8"
    case .int16: "INT16"
    case .int32: "INT32"
    case .int64: "INT64"
    case .float16: "FP16"
    case .bfloat16: "BF16"
    case .float32: "FP32"
    case .float64: "FP64"
    case .string: "BYTES"
    default: nil
    }
  }

  init?(datatype: String) {
    guard let type = Self.allCases.first(where: { $0.datatype == datatype }) else { return nil }
    self = type
  }
}

extension Tensor {
  /// The tensor of the numbers or strings in `data`, an array of any nesting, row by row.
  ///
  /// - Throws: `Failure` (400) for other elements than the type has, more or fewer than the shape, or numbers out of range.
  init(json data: JSONValue, type: ElementType, shape: [Int]) throws {
    let count = try Self.elementCount(of: shape)
    // Each element takes a byte and a comma, so whoever lies about the shape gets no memory.
    guard data.isArray, count <= data.range.count / 2 else {
      throw Failure(.badRequest, "the data do not fill the shape \(shape)")
    }
    func filled<Element: BitwiseCopyable>(_ read: (inout JSONScanner) throws -> Element) throws -> Tensor {
      try Tensor(type: type, shape: shape) { bytes in
        let elements = bytes.bindMemory(to: Element.self)
        try data.forEachElement(count: count) { index, scanner in elements[index] = try read(&scanner) }
      }
    }
    func integers<Element: FixedWidthInteger & BitwiseCopyable>(_: Element.Type) throws -> Tensor {
      try filled { try $0.checkedInteger(Element.self) }
    }
    switch type {
    case .bool: self = try filled { try $0.truth() }
    case .uint8: self = try integers(UInt8.self)
    case .uint16: self = try integers(UInt16.self)
    case .uint32: self = try integers(UInt32.self)
    case .uint64: self = try integers(UInt64.self)
    case .int8: self = try integers(Int8.self)
    case .int16: self = try integers(Int16.self)
    case .int32: self = try integers(Int32.self)
    case .int64: self = try integers(Int64.self)
    case .float16: self = try filled { Half(try $0.checkedDouble()).bits }
    case .bfloat16: self = try filled { BrainFloat(Float(try $0.checkedDouble())).bits }
    case .float32: self = try filled { Float(try $0.checkedDouble()) }
    case .float64: self = try filled { try $0.checkedDouble() }
    case .string:
      var strings: [[UInt8]] = []
      strings.reserveCapacity(count)
      try data.forEachElement(count: count) { _, scanner in
        guard scanner.byte == UInt8(ascii: "\"") else { throw scanner.failure("a string is expected") }
        strings.append(try scanner.string())
      }
      self = try Tensor(strings: strings, shape: shape)
    default: throw Failure(.badRequest, "the protocol has no elements of the type \(type.name)")
    }
  }

  /// The tensor of the elements in `bytes`.
  ///
  /// - Throws: `Failure` (400) for more or fewer than the shape has.
  init(binary bytes: UnsafeRawBufferPointer, type: ElementType, shape: [Int]) throws {
    guard type == .string else {
      guard try Self.byteCount(type: type, shape: shape) == bytes.count else {
        throw Failure(
          .badRequest, "\(bytes.count) bytes do not fill the shape \(shape) of \(type.datatype ?? type.name)")
      }
      try self.init(type: type, shape: shape) { memory in
        memory.copyMemory(from: bytes)
        // Kernels take other bytes for neither true nor false.
        if type == .bool { for place in memory.indices where memory[place] > 1 { memory[place] = 1 } }
      }
      return
    }
    let count = try Self.elementCount(of: shape)
    guard count <= bytes.count / 4 else { throw Failure(.badRequest, "the strings do not fill the shape \(shape)") }
    var strings: [[UInt8]] = []
    strings.reserveCapacity(count)
    var place = 0
    for _ in 0..<count {
      guard bytes.count - place >= 4 else {
        throw Failure(.badRequest, "the strings do not fill the shape \(shape)")
      }
      let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
      place += 4
      guard length <= bytes.count - place else {
        throw Failure(.badRequest, "a string claims to be longer than the data")
      }
      strings.append(Array(bytes[place..<place + length]))
      place += length
    }
    guard place == bytes.count else {
      throw Failure(.badRequest, "the data hold more strings than the shape \(shape)")
    }
    try self.init(strings: strings, shape: shape)
  }

  /// Appends the elements as bytes to `buffer`.
  func write(to buffer: inout ByteBuffer) {
    guard let strings else { return withUnsafeBytes { _ = buffer.writeBytes($0) } }
    for string in strings {
      buffer.writeInteger(UInt32(truncatingIfNeeded: string.count), endianness: .little)
      buffer.writeBytes(string)
    }
  }

  /// Writes the elements as those of a JSON array, in one row.
  ///
  /// - Throws: `Failure` (422) for what JSON has no form of: infinities, what is no number, and strings that are no UTF-8.
  func write(to writer: inout JSONWriter) throws {
    func integers<Element: TensorElement & LosslessStringConvertible>(_: Element.Type) throws {
      try withUnsafeElements(of: Element.self) { elements in
        for element in elements { writer.element(literal: element) }
      }
    }
    func floats<Element: LosslessStringConvertible & BinaryFloatingPoint>(_ elements: some Sequence<Element>) throws {
      for element in elements {
        guard element.isFinite else {
          throw Failure(
            .unprocessableContent, "the output has elements that JSON has no numbers for: ask for it as binary data")
        }
        writer.element(literal: element)
      }
    }
    switch type {
    case .bool: try integers(Bool.self)
    case .uint8: try integers(UInt8.self)
    case .uint16: try integers(UInt16.self)
    case .uint32: try integers(UInt32.self)
    case .uint64: try integers(UInt64.self)
    case .int8: try integers(Int8.self)
    case .int16: try integers(Int16.self)
    case .int32: try integers(Int32.self)
    case .int64: try integers(Int64.self)
    case .float32: try withUnsafeElements(of: Float.self) { try floats($0) }
    case .float64: try withUnsafeElements(of: Double.self) { try floats($0) }
    case .string:
      for string in strings ?? [] {
        guard let text = String(validating: string, as: UTF8.self) else {
          throw Failure(
            .unprocessableContent, "the output has strings that are no UTF-8, which JSON is: ask for it as binary data")
        }
        writer.element(text)
      }
    default: try floats(numbers().map { Float($0) })
    }
  }
}

/// An IEEE half, rounded to the nearest.
private struct Half {
  var bits: UInt16

  init(_ value: Double) {
    let magnitude = value.magnitude
    let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
    guard magnitude < 65520 else {
      bits = sign | (value.isNaN ? 0x7E00 : 0x7C00)
      return
    }
    // The distance of neighbours: 2⁻²⁴ below 2⁻¹⁴.
    let exponent = magnitude < 0x1p-14 ? -14 : Int(magnitude.exponent)
    let steps = (magnitude / Double(sign: .plus, exponent: exponent - 10, significand: 1)).rounded(.toNearestOrEven)
    bits = sign | UInt16(Int(steps) + (exponent + 14) << 10)
  }
}

/// A bfloat16, rounded to the nearest.
private struct BrainFloat {
  var bits: UInt16

  init(_ value: Float) {
    guard !value.isNaN else {
      bits = 0x7FC0
      return
    }
    let pattern = value.bitPattern
    bits = UInt16(truncatingIfNeeded: (UInt64(pattern) + 0x7FFF + UInt64(pattern >> 16 & 1)) >> 16)
  }
}

extension JSONValue {
  /// Calls `body` at each scalar of an array of arrays, in order.
  ///
  /// - Throws: `Failure` (400) for more or fewer than `count`.
  func forEachElement(count: Int, _ body: (_ index: Int, inout JSONScanner) throws -> Void) throws {
    var index = 0
    try scan { scanner in
      // The text was checked, so brackets and commas say nothing new.
      while scanner.place < range.upperBound {
        switch scanner.byte {
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","), 0x20, 0x0A, 0x0D, 0x09: scanner.place += 1
        case UInt8(ascii: "{"): throw scanner.failure("an object is no element of a tensor")
        default:
          guard index < count else { throw scanner.failure("there are more elements than the shape's \(count)") }
          try body(index, &scanner)
          index += 1
        }
      }
    }
    guard index == count else {
      throw Failure(.badRequest, "there are \(index) elements in place of the shape's \(count)")
    }
  }
}

extension JSONScanner {
  private func checkNumber() throws {
    guard byte == UInt8(ascii: "-") || byte.isDigit else { throw failure("a number is expected") }
  }

  fileprivate mutating func checkedDouble() throws -> Double {
    try checkNumber()
    return try double()
  }

  fileprivate mutating func checkedInteger<Integer: FixedWidthInteger>(_: Integer.Type) throws -> Integer {
    try checkNumber()
    return try integer(Integer.self)
  }

  /// A byte for true or false, which numbers may stand for.
  fileprivate mutating func truth() throws -> UInt8 {
    switch byte {
    case UInt8(ascii: "t"):
      place += 4
      return 1
    case UInt8(ascii: "f"):
      place += 5
      return 0
    default: return try checkedDouble() == 0 ? 0 : 1
    }
  }
}
