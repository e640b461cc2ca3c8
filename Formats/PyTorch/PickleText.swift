import ZooCore

/// The opcodes of protocol 0, whose arguments are lines of text.
enum PickleText {
  static func integer(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws -> PickleValue {
    switch String(decoding: bytes[line], as: UTF8.self) {
    case "01": return .bool(true)
    case "00": return .bool(false)
    default: return try long(bytes, line)
    }
  }

  /// A decimal number, perhaps with Python 2's `L` behind it.
  static func long(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws -> PickleValue {
    let digits = bytes[line].last == UInt8(ascii: "L") ? line.lowerBound..<line.upperBound - 1 : line
    if digits.count <= 20, let value = Int(String(decoding: bytes[digits], as: UTF8.self)) { return .int(value) }
    let unsigned = bytes[digits].first == UInt8(ascii: "-") ? bytes[digits].dropFirst() : bytes[digits]
    guard !unsigned.isEmpty, unsigned.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      throw failure("a whole number is unreadable", line)
    }
    return .bigInteger(digits)
  }

  static func float(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws -> PickleValue {
    guard line.count <= 400, let value = Double(String(decoding: bytes[line], as: UTF8.self)) else {
      throw failure("a number is unreadable", line)
    }
    return .float(value)
  }

  /// A string as Python 2 shows it: quoted, with backslashes.
  static func string(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws -> PickleValue {
    guard line.count >= 2, let quote = bytes[line].first, quote == bytes[line].last,
      quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    else { throw failure("a string has no quotes", line) }
    var text: [UInt8] = []
    var rest = bytes[line].dropFirst().dropLast()
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
      case UInt8(ascii: "'"): text.append(UInt8(ascii: "'"))
      case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
      case UInt8(ascii: "x"): text.append(UInt8(truncatingIfNeeded: try hexadecimal(&rest, 2, line)))
      default: throw failure("a string has an unknown escape", line)
      }
    }
    guard let result = String(validating: text, as: UTF8.self) else {
      // The same bytes as text of code points 0 to 255.
      return .latin1(String(String.UnicodeScalarView(text.map { Unicode.Scalar($0) })))
    }
    return .text(result)
  }

  /// Text in Latin-1 with `\uXXXX` and `\UXXXXXXXX` for the rest.
  static func unicode(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws -> PickleValue {
    var text = String.UnicodeScalarView()
    var rest = bytes[line]
    while let byte = rest.popFirst() {
      let digits =
        switch byte == UInt8(ascii: "\\") ? rest.first : nil {
        case UInt8(ascii: "u"): 4
        case UInt8(ascii: "U"): 8
        default: 0
        }
      guard digits > 0 else {
        text.append(Unicode.Scalar(byte))
        continue
      }
      rest = rest.dropFirst()
      guard let scalar = Unicode.Scalar(try hexadecimal(&rest, digits, line)) else {
        throw failure("a text has an impossible character", line)
      }
      text.append(scalar)
    }
    return .text(String(text))
  }

  private static func hexadecimal(
    _ bytes: inout Slice<UnsafeRawBufferPointer>, _ count: Int, _ line: Range<Int>
  ) throws -> UInt32 {
    let digits = String(decoding: bytes.prefix(count), as: UTF8.self)
    guard digits.utf8.count == count, let value = UInt32(digits, radix: 16) else {
      throw failure("an escape has no hexadecimal digits", line)
    }
    bytes = bytes.dropFirst(count)
    return value
  }

  private static func failure(_ message: String, _ line: Range<Int>) -> ZooError {
    ZooError(.badData, message, at: "pickle, byte \(line.lowerBound)")
  }
}
