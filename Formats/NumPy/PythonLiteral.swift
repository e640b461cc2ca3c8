import ZooCore

/// Parses the little of Python that a NumPy header is made of: a dictionary of strings, booleans and tuples of integers.
struct PythonLiteral {
  enum Value {
    case text(String)
    case boolean(Bool)
    case integer(Int)
    case tuple([Int])
    case dictionary([String: Value])
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The dictionary that makes up the whole text.
  ///
  /// - Throws: `ZooError` (`badData`) for anything else.
  mutating func parse() throws -> Value {
    var fields: [String: Value] = [:]
    try expect("{")
    while !accept("}") {
      let key = try text()
      try expect(":")
      fields[key] = try value()
      if !accept(",") {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard position == bytes.count else { throw malformed }
    return .dictionary(fields)
  }

  /// A value inside the dictionary; there, dictionaries are not expected.
  private mutating func value() throws -> Value {
    skipSpace()
    guard position < bytes.count else { throw malformed }
    switch bytes[position] {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "("):
      position += 1
      var items: [Int] = []
      while !accept(")") {
        items.append(try integer())
        if !accept(",") {
          try expect(")")
          break
        }
      }
      return .tuple(items)
    case UInt8(ascii: "T") where accept("True"): return .boolean(true)
    case UInt8(ascii: "F") where accept("False"): return .boolean(false)
    case UInt8(ascii: "["):
      throw ZooError(
        .unsupported, "structured arrays can't become tensors", advice: "save one field of the array")
    default: return .integer(try integer())
    }
  }

  private mutating func text() throws -> String {
    skipSpace()
    guard position < bytes.count, [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(bytes[position]),
      let end = bytes[(position + 1)...].firstIndex(of: bytes[position])
    else { throw malformed }
    defer { position = end + 1 }
    return String(decoding: bytes[position + 1..<end], as: UTF8.self)
  }

  private mutating func integer() throws -> Int {
    skipSpace()
    let digits = bytes[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard let number = Int(String(decoding: digits, as: UTF8.self)) else { throw malformed }
    position += digits.count
    // Python 2 marked long integers.
    _ = accept("L")
    return number
  }

  private mutating func expect(_ token: String) throws {
    guard accept(token) else { throw malformed }
  }

  private mutating func accept(_ token: String) -> Bool {
    skipSpace()
    guard bytes[position...].starts(with: token.utf8) else { return false }
    position += token.utf8.count
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
  }

  private var malformed: ZooError {
    ZooError(.badData, "the array's header is malformed", at: "header byte \(position)")
  }
}
