import ZooCore

/// Reads protobuf's text format ("Text Format Language Specification"), as far as prototxt files use it: all but
/// extensions and `Any`.
struct TextReader {
  /// As deep as protobuf's own parsers go.
  private static let maximumDepth = 100

  private let bytes: UnsafeRawBufferPointer
  private var offset = 0
  private var line = 1

  /// The message that `bytes` hold.
  ///
  /// - Throws: `ZooError` (`badData`) that names the line.
  static func read(_ bytes: UnsafeRawBufferPointer) throws -> TextMessage {
    var reader = TextReader(bytes)
    do { return try reader.message(until: nil, depth: 1) } catch let error as ZooError {
      throw error.located("line \(reader.line)")
    }
  }

  private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private mutating func message(until end: UInt8?, depth: Int) throws -> TextMessage {
    guard depth <= Self.maximumDepth else {
      throw ZooError(.badData, "more than \(Self.maximumDepth) messages inside each other")
    }
    var message = TextMessage()
    while true {
      skipSpace()
      guard let byte = peek else {
        guard end == nil else { throw ZooError(.badData, "the file ends inside a message") }
        return message
      }
      if byte == end {
        advance()
        return message
      }
      let name = try word("a field's name")
      skipSpace()
      let colon = peek == UInt8(ascii: ":")
      if colon {
        advance()
        skipSpace()
      }
      try values(of: name, afterColon: colon, depth: depth, into: &message)
      skipSpace()
      if peek == UInt8(ascii: ",") || peek == UInt8(ascii: ";") { advance() }
    }
  }

  /// A value, or a list of them in brackets.
  private mutating func values(of name: String, afterColon: Bool, depth: Int, into message: inout TextMessage) throws {
    guard peek == UInt8(ascii: "[") else {
      return message.fields.append((name, try value(of: name, afterColon: afterColon, depth: depth)))
    }
    advance()
    skipSpace()
    if peek == UInt8(ascii: "]") { return advance() }
    while true {
      skipSpace()
      message.fields.append((name, try value(of: name, afterColon: afterColon, depth: depth)))
      skipSpace()
      let byte = peek
      advance()
      if byte == UInt8(ascii: "]") { return }
      guard byte == UInt8(ascii: ",") else { throw ZooError(.badData, "a list of \(name) lacks its comma or bracket") }
    }
  }

  private mutating func value(of name: String, afterColon: Bool, depth: Int) throws -> TextMessage.Value {
    switch peek {
    case UInt8(ascii: "{"):
      advance()
      return .message(try self.message(until: UInt8(ascii: "}"), depth: depth + 1))
    case UInt8(ascii: "<"):
      advance()
      return .message(try self.message(until: UInt8(ascii: ">"), depth: depth + 1))
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      guard afterColon else { break }
      return .text(try text())
    default:
      guard afterColon else { break }
      return .word(try word("a value of \(name)"))
    }
    throw ZooError(.badData, "\(name) is followed by neither a colon nor a brace")
  }

  /// Names and numbers: everything up to a space or a sign of the syntax.
  private mutating func word(_ what: String) throws -> String {
    let start = offset
    while let byte = peek, Self.isWord(byte) { offset += 1 }
    // A sign may stand apart from its number.
    if offset == start + 1, bytes[start] == UInt8(ascii: "-") {
      skipSpace()
      return try "-" + word(what)
    }
    guard offset > start, let word = String(validating: bytes[start..<offset], as: UTF8.self) else {
      throw ZooError(.badData, peek.map { "byte \($0) where \(what) should be" } ?? "the file ends before \(what)")
    }
    return word
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."): true
    default: false
    }
  }

  /// Strings one after another are one.
  private mutating func text() throws -> String {
    var result: [UInt8] = []
    while let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      advance()
      while true {
        guard let byte = peek, byte != UInt8(ascii: "\n") else {
          throw ZooError(.badData, "a text lacks its end quote")
        }
        advance()
        if byte == quote { break }
        result.append(byte == UInt8(ascii: "\\") ? try escape() : byte)
      }
      skipSpace()
    }
    guard let text = String(validating: result, as: UTF8.self) else {
      throw ZooError(.badData, "a text is no UTF-8")
    }
    return text
  }

  private mutating func escape() throws -> UInt8 {
    guard let byte = peek else { throw ZooError(.badData, "the file ends inside a text") }
    advance()
    switch byte {
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "?"): return byte
    case UInt8(ascii: "x"), UInt8(ascii: "X"): return try code(radix: 16, digits: 2, first: nil)
    case UInt8(ascii: "0")...UInt8(ascii: "7"): return try code(radix: 8, digits: 3, first: byte)
    default: throw ZooError(.badData, "an escape that is not known in a text")
    }
  }

  private mutating func code(radix: Int, digits: Int, first: UInt8?) throws -> UInt8 {
    var text = first.map { String(UnicodeScalar($0)) } ?? ""
    while text.count < digits, let byte = peek, UnicodeScalar(byte).properties.isASCIIHexDigit {
      guard radix == 16 || (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else { break }
      text.unicodeScalars.append(UnicodeScalar(byte))
      offset += 1
    }
    guard let code = UInt8(text, radix: radix) else { throw ZooError(.badData, "a damaged escape in a text") }
    return code
  }

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func advance() {
    guard offset < bytes.count else { return }
    if bytes[offset] == UInt8(ascii: "\n") { line += 1 }
    offset += 1
  }

  private mutating func skipSpace() {
    while let byte = peek {
      if byte == UInt8(ascii: "#") {
        while let byte = peek, byte != UInt8(ascii: "\n") { offset += 1 }
      } else if byte == 0x20 || (9...13).contains(byte) {
        advance()
      } else {
        return
      }
    }
  }
}
