import NIOCore

/// Writes a JSON text, member by member, in the order in which they are given.
struct JSONWriter {
  private(set) var buffer = ByteBuffer()
  private var needsComma = false

  private mutating func separate() {
    if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func enclose(
    _ opening: StaticString, _ closing: StaticString, _ body: (inout JSONWriter) throws -> Void
  )
    rethrows
  {
    buffer.writeStaticString(opening)
    needsComma = false
    try body(&self)
    buffer.writeStaticString(closing)
    needsComma = true
  }

  /// The text of an object with the members that `body` writes.
  static func object(_ body: (inout JSONWriter) throws -> Void) rethrows -> ByteBuffer {
    var writer = JSONWriter()
    try writer.enclose("{", "}", body)
    return writer.buffer
  }

  static func array(_ body: (inout JSONWriter) throws -> Void) rethrows -> ByteBuffer {
    var writer = JSONWriter()
    try writer.enclose("[", "]", body)
    return writer.buffer
  }

  private mutating func name(_ name: String) {
    separate()
    quote(name.utf8)
    buffer.writeInteger(UInt8(ascii: ":"))
  }

  mutating func object(_ name: String, _ body: (inout JSONWriter) throws -> Void) rethrows {
    self.name(name)
    try enclose("{", "}", body)
  }

  mutating func array(_ name: String, _ body: (inout JSONWriter) throws -> Void) rethrows {
    self.name(name)
    try enclose("[", "]", body)
  }

  mutating func member(_ name: String, _ value: String) {
    self.name(name)
    quote(value.utf8)
  }

  mutating func member(_ name: String, _ value: Int) {
    self.name(name)
    buffer.writeString(value.description)
  }

  mutating func member(_ name: String, _ value: Double) {
    self.name(name)
    buffer.writeString(value.description)
  }

  mutating func member(_ name: String, _ value: Bool) {
    self.name(name)
    buffer.writeString(value ? "true" : "false")
  }

  mutating func null(_ name: String) {
    self.name(name)
    buffer.writeStaticString("null")
  }

  // Elements of arrays.

  mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
    separate()
    try enclose("{", "}", body)
  }

  mutating func element(_ value: String) {
    separate()
    quote(value.utf8)
  }

  /// A number, or true or false, as it is described.
  mutating func element(literal value: some LosslessStringConvertible) {
    separate()
    buffer.writeString(value.description)
  }

  private mutating func quote(_ text: some Sequence<UInt8>) {
    buffer.writeInteger(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        buffer.writeInteger(UInt8(ascii: "\\"))
        buffer.writeInteger(byte)
      case 0x0A: buffer.writeStaticString("\\n")
      case 0..<0x20:
        buffer.writeString("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
      default: buffer.writeInteger(byte)
      }
    }
    buffer.writeInteger(UInt8(ascii: "\""))
  }
}
