import JSON
import Zip
import ZooCore

/// A value of GGUF's metadata as a property's text, and back.
///
/// A string is the text itself, or has `string:` before it if it could be taken for another type. Others have the name of
/// their type before them: `uint32:32`, `float32:1e-05`, `bool:true`, `array:int32:[1,2]`, `array:string:["a"]`. What is no
/// number is the hexadecimal bits, bytes that are no UTF-8 are `bytes:` and hexadecimal.
enum GGUFValue {
  /// With the format's numbers.
  enum Kind: UInt32, CaseIterable {
    case uint8 = 0
    case int8 = 1
    case uint16 = 2
    case int16 = 3
    case uint32 = 4
    case int32 = 5
    case float32 = 6
    case bool = 7
    case string = 8
    case array = 9
    case uint64 = 10
    case int64 = 11
    case float64 = 12

    /// The fewest bytes that a value takes.
    var leastBytes: Int {
      switch self {
      case .uint8, .int8, .bool: 1
      case .uint16, .int16: 2
      case .uint32, .int32, .float32: 4
      case .string, .uint64, .int64, .float64: 8
      case .array: 12
      }
    }
  }

  private static let names = Dictionary(uniqueKeysWithValues: Kind.allCases.map { (String(describing: $0), $0) })
  /// A string that is no UTF-8.
  private static let rawName = "bytes"
  /// Arrays of arrays; nobody needs more.
  private static let greatestDepth = 4

  // MARK: Reading

  /// The text of the value that follows in the file.
  static func text(_ cursor: inout ByteCursor) throws -> String {
    let kind = try kind(&cursor)
    guard kind == .string else {
      guard kind == .array else { return "\(kind):\(try scalar(kind, &cursor))" }
      // A vocabulary is some hundred thousand texts: bytes of one array until the end.
      var text = Array("\(kind):".utf8)
      try appendArray(&cursor, depth: 0, to: &text)
      return String(decoding: text, as: UTF8.self)
    }
    let range = try cursor.take(cursor.length(UInt64.self))
    guard let text = String(validating: cursor.bytes[range], as: UTF8.self) else {
      return "\(rawName):\(hexadecimal(cursor.bytes[range]))"
    }
    // Only what could be taken for another value says what it is.
    return prefix(of: text) == nil ? text : "\(kind):\(text)"
  }

  static func kind(_ cursor: inout ByteCursor) throws -> Kind {
    let number = try cursor.integer(UInt32.self)
    guard let kind = Kind(rawValue: number) else {
      throw ZooError(.badData, "a value has the unknown type \(number)", at: "byte \(cursor.offset)")
    }
    return kind
  }

  private static func scalar(_ kind: Kind, _ cursor: inout ByteCursor) throws -> String {
    switch kind {
    case .uint8: String(try cursor.integer(UInt8.self))
    case .int8: String(try cursor.integer(Int8.self))
    case .uint16: String(try cursor.integer(UInt16.self))
    case .int16: String(try cursor.integer(Int16.self))
    case .uint32: String(try cursor.integer(UInt32.self))
    case .int32: String(try cursor.integer(Int32.self))
    case .uint64: String(try cursor.integer(UInt64.self))
    case .int64: String(try cursor.integer(Int64.self))
    case .float32:
      try { (bits: UInt32) in
        let number = Float(bitPattern: bits)
        return number.isNaN ? "0x" + String(bits, radix: 16) : String(number)
      }(cursor.integer())
    case .float64:
      try { (bits: UInt64) in
        let number = Double(bitPattern: bits)
        return number.isNaN ? "0x" + String(bits, radix: 16) : String(number)
      }(cursor.integer())
    case .bool: String(try bool(&cursor))
    case .string, .array: throw ZooError(.defect, "a \(kind) is no single number")
    }
  }

  static func bool(_ cursor: inout ByteCursor) throws -> Bool {
    let byte = try cursor.integer(UInt8.self)
    guard byte <= 1 else {
      throw ZooError(.badData, "a truth value is \(byte), neither 0 nor 1", at: "byte \(cursor.offset)")
    }
    return byte == 1
  }

  private static func appendArray(_ cursor: inout ByteCursor, depth: Int, to text: inout [UInt8]) throws {
    let (kind, count) = try arrayHead(&cursor, depth: depth)
    if kind == .string { return try appendStrings(count, &cursor, to: &text) }
    text.append(contentsOf: "\(kind):[".utf8)
    for index in 0..<count {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      if kind == .array {
        var item: [UInt8] = []
        try appendArray(&cursor, depth: depth + 1, to: &item)
        item.withUnsafeBytes { JSON.append($0, to: &text) }
      } else {
        text.append(contentsOf: try scalar(kind, &cursor).utf8)
      }
    }
    text.append(UInt8(ascii: "]"))
  }

  static func arrayHead(_ cursor: inout ByteCursor, depth: Int) throws -> (kind: Kind, count: Int) {
    guard depth < greatestDepth else {
      throw ZooError(.badData, "arrays lie more than \(greatestDepth) deep in each other", at: "byte \(cursor.offset)")
    }
    let kind = try kind(&cursor)
    let count = try cursor.integer(UInt64.self)
    guard count <= UInt64(cursor.remaining / kind.leastBytes) else {
      throw ZooError(
        .badData, "an array of \(count) values is declared, but \(cursor.remaining) bytes are left",
        at: "byte \(cursor.offset)", advice: "the file is damaged; copy or download it again")
    }
    return (kind, Int(count))
  }

  /// Passes the value that follows if it is an array, and says whether it was.
  static func passArray(_ cursor: inout ByteCursor) throws -> Bool {
    var next = cursor
    guard try kind(&next) == .array else { return false }
    try passArray(&next, depth: 0)
    cursor = next
    return true
  }

  static func passArray(_ cursor: inout ByteCursor, depth: Int) throws {
    let (kind, count) = try arrayHead(&cursor, depth: depth)
    switch kind {
    case .array: for _ in 0..<count { try passArray(&cursor, depth: depth + 1) }
    case .string: for _ in 0..<count { _ = try cursor.take(cursor.length(UInt64.self)) }
    default: _ = try cursor.take(count * kind.leastBytes)
    }
  }

  /// Hexadecimal for all of them if one is no UTF-8: between quotes none can complete another.
  private static func appendStrings(_ count: Int, _ cursor: inout ByteCursor, to text: inout [UInt8]) throws {
    var ranges: [Range<Int>] = []
    for _ in 0..<count { ranges.append(try cursor.take(cursor.length(UInt64.self))) }
    var list: [UInt8] = []
    for (index, range) in ranges.enumerated() {
      if index > 0 { list.append(UInt8(ascii: ",")) }
      JSON.append(UnsafeRawBufferPointer(rebasing: cursor.bytes[range]), to: &list)
    }
    var name = "\(Kind.string)"
    if String(validating: list, as: UTF8.self) == nil {
      name = rawName
      list = Array(ranges.map { hexadecimal(cursor.bytes[$0]) }.joined(separator: ",").utf8)
    }
    text.append(contentsOf: "\(name):[".utf8)
    text.append(contentsOf: list)
    text.append(UInt8(ascii: "]"))
  }

  private static func hexadecimal(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  // MARK: Writing

  /// The type and the value that a property's text stands for, as they are in a file: of any text that is no typed
  /// value, a string.
  static func bytes(_ text: String) -> [UInt8] {
    if let (name, rest) = prefix(of: text) {
      if name == rawName, let contents = data(rest) { return number(Kind.string.rawValue) + string(contents) }
      if let kind = names[name], let contents = bytes(kind, rest, depth: 0) { return number(kind.rawValue) + contents }
    }
    return number(Kind.string.rawValue) + string(Array(text.utf8))
  }

  /// The number that a text such as `uint32:64` stands for.
  static func unsigned32(_ text: String) -> UInt32? {
    guard let (name, rest) = prefix(of: text), names[name] == .uint32 else { return nil }
    return UInt32(rest)
  }

  /// The whole number, of any type, that a text such as `uint16:3` stands for.
  static func whole(_ text: String) -> Int? {
    guard let (name, rest) = prefix(of: text), name.hasPrefix("int") || name.hasPrefix("uint") else { return nil }
    return Int(rest)
  }

  /// The name of a type that is before a colon, and what follows; `nil` where there is none.
  private static func prefix(of text: String) -> (name: String, rest: Substring)? {
    let utf8 = text.utf8
    guard let colon = utf8.prefix(10).firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let name = String(text[..<colon])
    guard names[name] != nil || name == rawName else { return nil }
    return (name, Substring(utf8[utf8.index(after: colon)...]))
  }

  /// The value alone; `nil` for a text that is none of that type.
  private static func bytes(_ kind: Kind, _ text: Substring, depth: Int) -> [UInt8]? {
    switch kind {
    case .uint8: UInt8(text).map(number)
    case .int8: Int8(text).map(number)
    case .uint16: UInt16(text).map(number)
    case .int16: Int16(text).map(number)
    case .uint32: UInt32(text).map(number)
    case .int32: Int32(text).map(number)
    case .uint64: UInt64(text).map(number)
    case .int64: Int64(text).map(number)
    case .float32: (bits(text) ?? Float(text)?.bitPattern).map(number)
    case .float64: (bits(text) ?? Double(text)?.bitPattern).map(number)
    case .bool: text == "true" ? [1] : text == "false" ? [0] : nil
    case .string: string(Array(text.utf8))
    case .array: array(text, depth: depth)
    }
  }

  private static func array(_ text: Substring, depth: Int) -> [UInt8]? {
    guard depth < greatestDepth, let (name, list) = prefix(of: String(text)), list.first == "[", list.last == "]" else {
      return nil
    }
    var count: UInt64 = 0
    var contents: [UInt8] = []
    guard let kind = names[name] ?? (name == rawName ? .string : nil) else { return nil }
    if name != rawName, kind == .string || kind == .array {
      guard case .list(let items)? = try? JSON(String(list)) else { return nil }
      for item in items {
        guard let text = item.text, let value = bytes(kind, text[...], depth: depth + 1) else { return nil }
        contents += value
        count += 1
      }
    } else {
      let inner = list.utf8.dropFirst().dropLast()
      for item in inner.isEmpty ? [] : inner.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
        let value = name == rawName ? data(Substring(item)).map(string) : bytes(kind, Substring(item), depth: depth + 1)
        guard let value else { return nil }
        contents += value
        count += 1
      }
    }
    return number(kind.rawValue) + number(count) + contents
  }

  private static func bits<Number: FixedWidthInteger>(_ text: Substring) -> Number? {
    text.hasPrefix("0x") ? Number(text.dropFirst(2), radix: 16) : nil
  }

  /// The bytes that hexadecimal digits stand for.
  private static func data(_ digits: Substring) -> [UInt8]? {
    guard digits.utf8.count % 2 == 0 else { return nil }
    var result: [UInt8] = []
    var rest = digits.utf8[...]
    while !rest.isEmpty {
      guard let byte = UInt8(Substring(rest.prefix(2)), radix: 16), rest.first != UInt8(ascii: "+") else { return nil }
      result.append(byte)
      rest = rest.dropFirst(2)
    }
    return result
  }

  /// A length and the bytes.
  static func string(_ bytes: [UInt8]) -> [UInt8] { number(UInt64(bytes.count)) + bytes }

  static func number<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
