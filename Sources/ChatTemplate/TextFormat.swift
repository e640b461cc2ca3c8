import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Python's two ways to put values into a text.
extension Renderer {
  /// What is between a format's `%` and its letter.
  private struct Field {
    var isLeft = false
    var hasSign = false
    var hasSpace = false
    var hasZeros = false
    var isAlternate = false
    var width = 0
    var precision: Int?
  }

  /// Widths and precisions beyond this are nobody's.
  private static let widestField = 10_000
  private static let mostDigits = 300

  /// `text % values`.
  func formatted(_ text: String, with values: Value) throws -> String {
    try meter.allocate(text.utf8.count)
    var positional: [Value] = if case .tuple(let items) = values { items.values } else { [values] }
    positional.reverse()
    var rest = Array(text.unicodeScalars)[...]
    var result = ""
    while let percent = rest.firstIndex(of: "%") {
      result += String(scalars: rest[..<percent])
      rest = rest[(percent + 1)...]
      guard let named = try name(in: &rest, of: values) else {
        var field = try field(in: &rest) { try self.wholeNumber(try Self.next(&positional), "a format") ?? 0 }
        guard let letter = rest.popFirst() else { throw Self.badFormat }
        if letter == "%" {
          result += "%"
        } else {
          result += try formatted(try Self.next(&positional), letter, &field)
        }
        continue
      }
      var field = try field(in: &rest) { throw Self.badFormat }
      guard let letter = rest.popFirst() else { throw Self.badFormat }
      result += try formatted(named, letter, &field)
    }
    if case .tuple = values, !positional.isEmpty { throw Self.badFormat }
    if positional.count == 1, case .dictionary = values {
    } else if !positional.isEmpty {
      switch values {
      case .list, .view: break
      default: throw Self.badFormat
      }
    }
    return result + String(scalars: rest)
  }

  private static let badFormat = ZooError(
    .badData, "a text's format and the values for it don't fit together", advice: advice)

  private static func next(_ values: inout [Value]) throws -> Value {
    guard let value = values.popLast() else { throw badFormat }
    return value
  }

  /// The value whose name follows in parentheses.
  private func name(in rest: inout ArraySlice<Unicode.Scalar>, of values: Value) throws -> Value? {
    guard rest.first == "(" else { return nil }
    guard case .dictionary(let table) = values, let end = rest.firstIndex(of: ")"),
      let value = table[String(scalars: rest[(rest.startIndex + 1)..<end])]
    else { throw Self.badFormat }
    rest = rest[(end + 1)...]
    return value
  }

  private func field(
    in rest: inout ArraySlice<Unicode.Scalar>, _ next: () throws -> Int
  ) throws -> Field {
    var field = Field()
    while let flag = rest.first, "-+ 0#".unicodeScalars.contains(flag) {
      switch flag {
      case "-": field.isLeft = true
      case "+": field.hasSign = true
      case " ": field.hasSpace = true
      case "0": field.hasZeros = true
      default: field.isAlternate = true
      }
      rest.removeFirst()
    }
    if rest.first == "*" {
      rest.removeFirst()
      field.width = try next()
      if field.width < 0 { (field.isLeft, field.width) = (true, field.width == .min ? .max : -field.width) }
    } else {
      field.width = Self.digits(in: &rest) ?? 0
    }
    if rest.first == "." {
      rest.removeFirst()
      if rest.first == "*" {
        rest.removeFirst()
        field.precision = max(0, try next())
      } else {
        field.precision = Self.digits(in: &rest) ?? 0
      }
    }
    while let letter = rest.first, "hlL".unicodeScalars.contains(letter) { rest.removeFirst() }
    guard field.width <= Self.widestField, field.precision ?? 0 <= Self.widestField else { throw Self.badFormat }
    return field
  }

  private static func digits(in rest: inout ArraySlice<Unicode.Scalar>) -> Int? {
    var value: Int?
    while let digit = rest.first, ("0"..."9").contains(digit) {
      value = min((value ?? 0) * 10 + Int(digit.value - 0x30), widestField + 1)
      rest.removeFirst()
    }
    return value
  }

  private func formatted(_ value: Value, _ letter: Unicode.Scalar, _ field: inout Field) throws -> String {
    var body: String
    switch letter {
    case "s", "r", "a":
      body = letter == "s" ? try plainText(of: value) : try quoted(value)
      if let precision = field.precision { body = String(scalars: body.unicodeScalars.prefix(precision)) }
      field.hasZeros = false
    case "c":
      if case .text(let text) = value, text.unicodeScalars.count == 1 {
        body = text
      } else if let number = value.wholeNumber, let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) {
        body = String(Character(scalar))
      } else {
        throw Self.badFormat
      }
      field.hasZeros = false
    case "d", "i", "u", "x", "X", "o":
      body = try wholeText(value, letter, field)
    case "e", "E", "f", "F", "g", "G":
      guard let number = value.anyNumber else { throw Self.badFormat }
      let digits = field.precision ?? 6
      guard digits <= Self.mostDigits else { throw Self.badFormat }
      body = Self.cText(number, "%\(field.isAlternate ? "#" : "").\(digits)\(letter)")
      body = sign(field, isNegative: body.first == "-") + body
      if !number.isFinite { field.hasZeros = false }
    default: throw Self.badFormat
    }
    let missing = max(0, field.width - body.unicodeScalars.count)
    try meter.allocate(body.utf8.count + missing)
    if field.isLeft { return body + String(repeating: " ", count: missing) }
    guard field.hasZeros else { return String(repeating: " ", count: missing) + body }
    let head = body.prefix { "+- ".contains($0) }
    let mark = field.isAlternate && "xXo".unicodeScalars.contains(letter) ? 2 : 0
    let front = body.prefix(head.count + mark)
    return front + String(repeating: "0", count: missing) + body.dropFirst(front.count)
  }

  private func quoted(_ value: Value) throws -> String {
    guard case .text(let text) = value else { return try plainText(of: value) }
    var result = ""
    try appendQuoted(text, to: &result)
    return result
  }

  private func wholeText(_ value: Value, _ letter: Unicode.Scalar, _ field: Field) throws -> String {
    var number = value.wholeNumber
    if number == nil, case .number(let real) = value, "diu".unicodeScalars.contains(letter) {
      number = Int(exactly: real.rounded(.towardZero))
    }
    guard let number else { throw Self.badFormat }
    let (radix, mark) =
      switch letter {
      case "x": (16, "0x")
      case "X": (16, "0X")
      case "o": (8, "0o")
      default: (10, "")
      }
    var digits = String(number.magnitude, radix: radix, uppercase: letter == "X")
    if let precision = field.precision { digits = digits.padded(to: precision) }
    let body = (field.isAlternate ? mark : "") + digits
    return sign(field, isNegative: number < 0) + (number < 0 ? "-" : "") + body
  }

  private func sign(_ field: Field, isNegative: Bool) -> String {
    isNegative ? "" : field.hasSign ? "+" : field.hasSpace ? " " : ""
  }

  /// The number with the C library's digits.
  private static func cText(_ number: Double, _ format: String) -> String {
    var buffer = [CChar](repeating: 0, count: 700)
    let count = withVaList([number]) { vsnprintf(&buffer, buffer.count, format, $0) }
    return String(
      decoding: buffer.prefix(max(0, min(Int(count), buffer.count - 1))).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// With so many digits behind the point, of the nearest the even one.
  static func rounded(_ number: Double, _ precision: Int) throws -> Double {
    guard number.isFinite else { return number }
    if precision == 0 { return number.rounded(.toNearestOrEven) }
    if precision > 0 { return precision > 17 ? number : Double(cText(number, "%.\(precision)f")) ?? number }
    // Zeros before the point: tens, hundreds and so on.
    let digits = cText(number, "%.0f")
    let scale = pow(10, Double(-precision))
    return scale.isFinite && digits.utf8.count >= -precision ? (number / scale).rounded(.toNearestOrEven) * scale : 0
  }

  // MARK: - str.format

  /// `text.format(…)` with `{}`, `{0}` and `{name}`.
  func formatted(_ text: String, _ arguments: Arguments) throws -> String {
    var result = ""
    var next = 0
    var rest = Array(text.unicodeScalars)[...]
    while let mark = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      result += String(scalars: rest[..<mark])
      let scalar = rest[mark]
      rest = rest[(mark + 1)...]
      if rest.first == scalar {
        result += String(Character(scalar))
        rest.removeFirst()
        continue
      }
      guard scalar == "{", let end = rest.firstIndex(of: "}") else { throw Self.badFormat }
      let name = String(scalars: rest[..<end])
      rest = rest[(end + 1)...]
      let value: Value?
      if name.isEmpty {
        value = arguments.positional.indices.contains(next) ? arguments.positional[next] : nil
        next += 1
      } else if let place = Int(name) {
        value = arguments.positional.indices.contains(place) ? arguments.positional[place] : nil
      } else {
        guard name.unicodeScalars.allSatisfy(\.isPythonWord) else {
          throw ZooError(
            .unsupported, "a text's format has more than names and numbers", advice: "join the texts with ~")
        }
        value = arguments.named.first { $0.name.isSame(as: name) }?.value
      }
      guard let value else { throw Self.badFormat }
      let part = try plainText(of: value)
      try meter.allocate(part.utf8.count)
      result += part
    }
    return result + String(scalars: rest)
  }
}
