/// A value of a JSON text, read level by level: what nobody asks for is checked and costs no memory.
///
/// A request's body is a stranger's, so nesting and the number of members are limited; numbers of tensors are read in
/// place (`JSONValue+Elements.swift`) and never become values.
struct JSONValue: Sendable {
  static let mostDepth = 64
  static let mostMembers = 65_536

  let text: [UInt8]
  /// Of the value in `text`, without white space around it.
  let range: Range<Int>

  /// The value that `text` is.
  ///
  /// - Throws: `Failure` (400) for what is no JSON, or nested too deeply.
  init(parsing text: [UInt8]) throws {
    let range = try text.withUnsafeBufferPointer { bytes in
      var scanner = JSONScanner(bytes)
      scanner.skipSpace()
      let start = scanner.place
      try scanner.skipValue(depth: Self.mostDepth)
      let end = scanner.place
      scanner.skipSpace()
      guard scanner.isAtEnd else { throw scanner.failure("something follows the value") }
      return start..<end
    }
    self.init(text: text, range: range)
  }

  private init(text: [UInt8], range: Range<Int>) { (self.text, self.range) = (text, range) }

  private var first: UInt8 { text[range.lowerBound] }

  var isNull: Bool { first == UInt8(ascii: "n") }
  var isArray: Bool { first == UInt8(ascii: "[") }
  var isString: Bool { first == UInt8(ascii: "\"") }
  var isNumber: Bool { first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) }

  var bool: Bool? {
    switch first {
    case UInt8(ascii: "t"): true
    case UInt8(ascii: "f"): false
    default: nil
    }
  }

  /// A string; `nil` for what is none.
  var string: String? {
    isString ? scan { scanner in try? String(decoding: scanner.string(), as: UTF8.self) } : nil
  }

  var double: Double? { isNumber ? scan { try? $0.double() } : nil }

  /// A whole number; `nil` for what is none, or does not fit.
  var int: Int? { isNumber ? scan { try? $0.integer(Int.self) } : nil }

  /// The members of an object by name; `nil` for what is none.
  ///
  /// - Throws: `Failure` (400) for a name that is there twice, and for too many of them.
  func object() throws -> [String: JSONValue]? {
    guard first == UInt8(ascii: "{") else { return nil }
    var members: [String: JSONValue] = [:]
    try scan { scanner in
      try scanner.forEachElement(closedBy: UInt8(ascii: "}")) { scanner in
        let name = String(decoding: try scanner.string(), as: UTF8.self)
        scanner.skipSpace()
        scanner.place += 1
        scanner.skipSpace()
        let value = try Self(text: text, range: scanner.skippedValue())
        guard members.updateValue(value, forKey: name) == nil else {
          throw scanner.failure("\"\(name)\" is there twice")
        }
        guard members.count <= Self.mostMembers else { throw scanner.failure("an object has too many members") }
      }
    }
    return members
  }

  /// The elements of an array; `nil` for what is none.
  ///
  /// - Throws: `Failure` (400) for too many of them.
  func array() throws -> [JSONValue]? {
    guard isArray else { return nil }
    var elements: [JSONValue] = []
    try scan { scanner in
      try scanner.forEachElement(closedBy: UInt8(ascii: "]")) { scanner in
        elements.append(try Self(text: text, range: scanner.skippedValue()))
        guard elements.count <= Self.mostMembers else { throw scanner.failure("an array has too many elements") }
      }
    }
    return elements
  }

  /// What `body` reads, from the value's beginning on.
  func scan<Result>(_ body: (inout JSONScanner) throws -> Result) rethrows -> Result {
    try text.withUnsafeBufferPointer { bytes in
      var scanner = JSONScanner(bytes, place: range.lowerBound)
      return try body(&scanner)
    }
  }
}

/// A place in a JSON text.
struct JSONScanner {
  let bytes: UnsafeBufferPointer<UInt8>
  var place: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, place: Int = 0) { (self.bytes, self.place) = (bytes, place) }

  var isAtEnd: Bool { place == bytes.count }

  /// The byte at the place; 0, which no token begins with, at the end.
  var byte: UInt8 { place < bytes.count ? bytes[place] : 0 }

  func failure(_ message: String) -> Failure {
    Failure(.badRequest, "the JSON is wrong at byte \(place): \(message)")
  }

  mutating func skipSpace() {
    while byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
  }

  mutating func skippedValue() throws -> Range<Int> {
    let start = place
    try skipValue(depth: JSONValue.mostDepth)
    return start..<place
  }

  mutating func skipValue(depth: Int) throws {
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard depth > 0 else { throw failure("values are nested more than \(JSONValue.mostDepth) deep") }
      let isObject = byte == UInt8(ascii: "{")
      try forEachElement(closedBy: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) { scanner in
        if isObject {
          guard scanner.byte == UInt8(ascii: "\"") else { throw scanner.failure("a name is missing") }
          try scanner.skipString()
          scanner.skipSpace()
          try scanner.skip(UInt8(ascii: ":"))
          scanner.skipSpace()
        }
        try scanner.skipValue(depth: depth - 1)
      }
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "t"): try skip("true")
    case UInt8(ascii: "f"): try skip("false")
    case UInt8(ascii: "n"): try skip("null")
    default: try skipNumber()
    }
  }

  /// Calls `element` at the beginning of each element behind the bracket at the place, and ends behind the closing one.
  mutating func forEachElement(closedBy closing: UInt8, _ element: (inout JSONScanner) throws -> Void) throws {
    place += 1
    skipSpace()
    guard byte != closing else {
      place += 1
      return
    }
    while true {
      try element(&self)
      skipSpace()
      if byte == closing {
        place += 1
        return
      }
      try skip(UInt8(ascii: ","))
      skipSpace()
    }
  }

  mutating func skip(_ expected: UInt8) throws {
    guard byte == expected else { throw failure("\(Character(Unicode.Scalar(expected))) is missing") }
    place += 1
  }

  private mutating func skip(_ word: StaticString) throws {
    let isThere =
      bytes.count - place >= word.utf8CodeUnitCount
      && (0..<word.utf8CodeUnitCount).allSatisfy { bytes[place + $0] == word.utf8Start[$0] }
    guard isThere else { throw failure("this is no value") }
    place += word.utf8CodeUnitCount
  }

  private mutating func skipString() throws {
    place += 1
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\""):
        place += 1
        return
      case UInt8(ascii: "\\"):
        let escape = place + 1 < bytes.count ? bytes[place + 1] : 0
        if escape == UInt8(ascii: "u") {
          guard bytes.count - place >= 6, (2..<6).allSatisfy({ bytes[place + $0].hexDigit != nil }) else {
            throw failure("an escape is incomplete")
          }
          place += 6
        } else {
          guard "\"\\/bfnrt".utf8.contains(escape) else { throw failure("there is no such escape") }
          place += 2
        }
      case 0..<0x20: throw failure("a string holds a control character")
      default: place += 1
      }
    }
    throw failure("a string does not end")
  }

  private mutating func skipDigits() throws {
    let start = place
    while byte.isDigit { place += 1 }
    guard place > start else { throw failure("this is no value") }
  }

  private mutating func skipNumber() throws {
    if byte == UInt8(ascii: "-") { place += 1 }
    let isZero = byte == UInt8(ascii: "0")
    let start = place
    try skipDigits()
    guard !isZero || place == start + 1 else { throw failure("a number begins with 0") }
    if byte == UInt8(ascii: ".") {
      place += 1
      try skipDigits()
    }
    if byte | 0x20 == UInt8(ascii: "e") {
      place += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { place += 1 }
      try skipDigits()
    }
  }

  // What follows reads values that were checked.

  /// The bytes of the string at the place, as UTF-8.
  mutating func string() throws -> [UInt8] {
    place += 1
    var result: [UInt8] = []
    while byte != UInt8(ascii: "\"") {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        place += 1
        continue
      }
      let escape = bytes[place + 1]
      place += 2
      switch escape {
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"): result += Array(String(Character(escapedScalar())).utf8)
      default: result.append(escape)
      }
    }
    place += 1
    return result
  }

  /// The scalar of the digits at the place, and of the escape behind them that completes a pair; U+FFFD for half a pair.
  private mutating func escapedScalar() -> Unicode.Scalar {
    let unit = hexUnit()
    guard (0xD800..<0xDC00).contains(unit), bytes.count - place >= 6, bytes[place] == UInt8(ascii: "\\"),
      bytes[place + 1] == UInt8(ascii: "u")
    else { return Unicode.Scalar(unit) ?? "\u{FFFD}" }
    let before = place
    place += 2
    let second = hexUnit()
    guard (0xDC00..<0xE000).contains(second) else {
      place = before
      return "\u{FFFD}"
    }
    return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
  }

  private mutating func hexUnit() -> UInt32 {
    defer { place += 4 }
    return (0..<4).reduce(0) { $0 << 4 | UInt32(bytes[place + $1].hexDigit ?? 0) }
  }

  /// The number at the place, rounded to the nearest.
  mutating func double() throws -> Double {
    let start = place
    let isNegative = byte == UInt8(ascii: "-")
    if isNegative { place += 1 }
    var (digits, count, exponent): (UInt64, Int, Int) = (0, 0, 0)
    var isFraction = false
    while byte.isDigit || byte == UInt8(ascii: ".") {
      if byte == UInt8(ascii: ".") {
        isFraction = true
      } else {
        if digits > 0 || byte != UInt8(ascii: "0") { count += 1 }
        if count <= 18 { digits = digits * 10 + UInt64(byte - UInt8(ascii: "0")) }
        if isFraction { exponent -= 1 }
      }
      place += 1
    }
    let hasExponent = byte | 0x20 == UInt8(ascii: "e")
    if hasExponent {
      while byte.isDigit || "eE+-".utf8.contains(byte) { place += 1 }
    }
    // Both factors are exact, and so is the rounding of their product or quotient (Clinger 1990).
    if !hasExponent, count <= 18, digits <= 1 << 53, exponent >= -22 {
      let value = Double(digits) / Self.powers[-exponent]
      return isNegative ? -value : value
    }
    let token = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<place]), as: UTF8.self)
    guard let value = Double(token), value.isFinite else { throw failure("\(token.prefix(40)) is too large a number") }
    return value
  }

  private static let powers: [Double] = (0...22).map { power in (0..<power).reduce(1.0) { value, _ in value * 10 } }

  /// The whole number at the place. `1.0` and `1e3` are some, too.
  mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type) throws -> Integer {
    let start = place
    let isNegative = byte == UInt8(ascii: "-")
    if isNegative { place += 1 }
    var (value, overflows): (Integer, Bool) = (0, false)
    while byte.isDigit {
      let digit = Integer(truncatingIfNeeded: byte - UInt8(ascii: "0"))
      let (tenfold, isTooMuch) = value.multipliedReportingOverflow(by: 10)
      let (sum, isStillTooMuch) =
        isNegative ? tenfold.subtractingReportingOverflow(digit) : tenfold.addingReportingOverflow(digit)
      (value, overflows) = (sum, overflows || isTooMuch || isStillTooMuch)
      place += 1
    }
    if byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") {
      place = start
      guard let exact = Integer(exactly: try double()) else { throw failure("a whole number is expected") }
      return exact
    }
    guard !overflows else {
      place = start
      throw failure("the number does not fit \(Integer.self)")
    }
    return value
  }
}

extension UInt8 {
  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

  var hexDigit: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
