extension JSON {
  /// `text` as JSON writes it, quotes included.
  package static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    append(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the text whose UTF-8 `text` is, quoted, to `document`. Other bytes stay what they are.
  package static func append(_ text: UnsafeRawBufferPointer, to document: inout [UInt8]) {
    document.append(UInt8(ascii: "\""))
    var rest = text[...]
    while let place = rest.firstIndex(where: isEscaped) {
      document.append(contentsOf: rest[..<place])
      switch rest[place] {
      case UInt8(ascii: "\""): document.append(contentsOf: "\\\"".utf8)
      case UInt8(ascii: "\\"): document.append(contentsOf: "\\\\".utf8)
      case let control:
        let digits = String(control, radix: 16)
        document.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
      }
      rest = rest[(place + 1)...]
    }
    document.append(contentsOf: rest)
    document.append(UInt8(ascii: "\""))
  }

  private static func isEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func append(_ text: String, to document: inout [UInt8]) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0), to: &document) }
  }
}

extension JSON {
  /// The value as a document without white space.
  package var document: String {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func write(to document: inout [UInt8]) {
    switch self {
    case .null: document.append(contentsOf: "null".utf8)
    case .bool(let value): document.append(contentsOf: value.description.utf8)
    case .integer(let value): document.append(contentsOf: value.description.utf8)
    case .number(let value): document.append(contentsOf: value.description.utf8)
    case .text(let value): Self.append(value, to: &document)
    case .list(let items):
      document.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { document.append(UInt8(ascii: ",")) }
        item.write(to: &document)
      }
      document.append(UInt8(ascii: "]"))
    case .object(let members):
      document.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { document.append(UInt8(ascii: ",")) }
        Self.append(member.name, to: &document)
        document.append(UInt8(ascii: ":"))
        member.value.write(to: &document)
      }
      document.append(UInt8(ascii: "}"))
    }
  }
}
