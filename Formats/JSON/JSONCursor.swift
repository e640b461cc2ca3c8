import ZooCore

/// Reads JSON value by value, so that a large document need not be held as a tree.
///
/// The bytes must outlive the cursor.
package struct JSONCursor {
  /// Values within values; what people and programs write has far fewer.
  package static let greatestDepth = 128
  /// Values that one cursor makes a tree of: a short text can hold very many, each of which takes far more memory than
  /// its characters. The largest vocabularies, merges included, have two million.
  package static let greatestCount = 1 << 23

  private let bytes: UnsafeRawBufferPointer
  private let allowsNonFinite: Bool
  private var place = 0
  private var depth = 0
  private var count = 0

  /// - Parameter allowsNonFinite: Whether NaN, Infinity and -Infinity are numbers, as Python writes them and JSON has none.
  package init(_ bytes: UnsafeRawBufferPointer, allowsNonFinite: Bool = false) {
    self.bytes = bytes
    self.allowsNonFinite = allowsNonFinite
  }

  /// The next value, with everything in it.
  package mutating func value() throws -> JSON {
    count += 1
    guard count <= Self.greatestCount else { throw error("more than \(Self.greatestCount) values") }
    switch try next() {
    case UInt8(ascii: "{"):
      var members: [JSON.Member] = []
      try object { name, cursor in members.append(JSON.Member(name: name, value: try cursor.value())) }
      return .object(members)
    case UInt8(ascii: "["):
      var items: [JSON] = []
      try list { items.append(try $0.value()) }
      return .list(items)
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "N") where allowsNonFinite: return try word("NaN", .number(.nan))
    case UInt8(ascii: "I") where allowsNonFinite: return try word("Infinity", .number(.infinity))
    case UInt8(ascii: "-") where allowsNonFinite && place + 1 < bytes.count && bytes[place + 1] == UInt8(ascii: "I"):
      return try word("-Infinity", .number(-.infinity))
    default: return try number()
    }
  }

  /// Reads an object; `member` is given each name and reads the value.
  package mutating func object(_ member: (String, inout JSONCursor) throws -> Void) throws {
    try enter("{", "an object")
    if try next() == UInt8(ascii: "}") { return leave() }
    while true {
      let name = try text()
      guard try next() == UInt8(ascii: ":") else { throw error("a colon is missing") }
      place += 1
      try member(name, &self)
      if try isEnd("}") { return leave() }
    }
  }

  /// Reads a list; `item` reads each of its values.
  package mutating func list(_ item: (inout JSONCursor) throws -> Void) throws {
    try enter("[", "a list")
    if try next() == UInt8(ascii: "]") { return leave() }
    while true {
      try item(&self)
      if try isEnd("]") { return leave() }
    }
  }

  /// Reads a text.
  package mutating func text() throws -> String {
    guard try next() == UInt8(ascii: "\"") else { throw error("a text is missing") }
    place += 1
    let start = place
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\""):
        defer { place += 1 }
        return try validated(bytes[start..<place])
      case UInt8(ascii: "\\"): return try escapedText(from: start)
      case 0..<0x20: throw error("a control character in a text")
      default: place += 1
      }
    }
    throw error("a text without an end")
  }

  /// Reads a whole number.
  package mutating func integer() throws -> Int {
    _ = try next()
    guard case .integer(let value) = try number() else { throw error("a whole number is missing") }
    return value
  }

  /// Passes `null`, if that is what comes next, and says whether it was.
  package mutating func skipNull() throws -> Bool {
    guard try next() == UInt8(ascii: "n") else { return false }
    _ = try word("null", .null)
    return true
  }

  /// Checks that nothing but white space is left.
  package mutating func finish() throws {
    skipWhiteSpace()
    guard place == bytes.count else { throw error("something follows the document") }
  }

  /// The error of a document that breaks off or goes wrong here.
  package func error(_ message: String) -> ZooError { ZooError(.badData, "no JSON: \(message)", at: "byte \(place)") }

  // MARK: - Structure

  private mutating func enter(_ character: Unicode.Scalar, _ what: String) throws {
    guard try next() == UInt8(ascii: character) else { throw error("\(what) is missing") }
    guard depth < Self.greatestDepth else { throw error("more than \(Self.greatestDepth) values in one another") }
    depth += 1
    place += 1
  }

  private mutating func leave() {
    depth -= 1
    place += 1
  }

  /// Whether the container ends here; if not, a comma does, and another element follows.
  private mutating func isEnd(_ end: Unicode.Scalar) throws -> Bool {
    let byte = try next()
    if byte == UInt8(ascii: end) { return true }
    guard byte == UInt8(ascii: ",") else { throw error("a comma is missing") }
    place += 1
    return false
  }

  private mutating func skipWhiteSpace() {
    while place < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[place]) { place += 1 }
  }

  /// The first byte that is no white space.
  private mutating func next() throws -> UInt8 {
    if place < bytes.count, bytes[place] > 0x20 { return bytes[place] }
    skipWhiteSpace()
    guard place < bytes.count else { throw error("it breaks off") }
    return bytes[place]
  }

  // MARK: - Scalars

  private mutating func word(_ word: StaticString, _ value: JSON) throws -> JSON {
    let end = place + word.utf8CodeUnitCount
    guard end <= bytes.count,
      bytes[place..<end].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    else { throw error("an unknown word") }
    place = end
    return value
  }

  private mutating func number() throws -> JSON {
    let start = place
    if isNext("-") { place += 1 }
    let first = place
    try digits()
    guard bytes[first] != UInt8(ascii: "0") || place == first + 1 else { throw error("a number begins with 0") }
    var isWhole = true
    if isNext(".") {
      isWhole = false
      place += 1
      try digits()
    }
    if isNext("eE") {
      isWhole = false
      place += 1
      if isNext("+-") { place += 1 }
      try digits()
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if isWhole, let value = Int(text) { return .integer(value) }
    guard let value = Double(text) else { throw error("a number that is none") }
    return .number(value)
  }

  private func isNext(_ characters: String) -> Bool { place < bytes.count && characters.utf8.contains(bytes[place]) }

  private mutating func digits() throws {
    let start = place
    while place < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) { place += 1 }
    guard place > start else { throw error("a digit is missing") }
  }

  private func validated(_ part: Slice<UnsafeRawBufferPointer>) throws -> String {
    guard let text = String(validating: part, as: UTF8.self) else { throw error("a text that is no UTF-8") }
    return text
  }

  private mutating func escapedText(from start: Int) throws -> String {
    var result = Array(bytes[start..<place])
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: result, as: UTF8.self) else { throw error("a text that is no UTF-8") }
        return text
      case UInt8(ascii: "\\"): result += String(Character(try escape())).utf8
      case 0..<0x20: throw error("a control character in a text")
      default: result.append(byte)
      }
    }
    throw error("a text without an end")
  }

  /// The character that the escape after a backslash stands for.
  private mutating func escape() throws -> Unicode.Scalar {
    guard place < bytes.count else { throw error("it breaks off") }
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "u"):
      let unit = try codeUnit()
      guard UTF16.isLeadSurrogate(unit), place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
        bytes[place + 1] == UInt8(ascii: "u")
      else {
        guard let scalar = Unicode.Scalar(unit) else { throw error("half a surrogate pair") }
        return scalar
      }
      place += 2
      let trail = try codeUnit()
      guard UTF16.isTrailSurrogate(trail) else { throw error("half a surrogate pair") }
      return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
    default: throw error("an unknown escape")
    }
  }

  private mutating func codeUnit() throws -> UInt16 {
    guard place + 4 <= bytes.count else { throw error("it breaks off") }
    var unit: UInt16 = 0
    for byte in bytes[place..<place + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw error("an escape without digits") }
      unit = unit << 4 | UInt16(digit)
    }
    place += 4
    return unit
  }
}
