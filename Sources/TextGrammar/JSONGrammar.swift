import JSON
import ZooCore

/// The parts of JSON (RFC 8259) as a grammar.
struct JSONGrammar {
  var builder = GrammarBuilder()
  private var known: [String: Int] = [:]

  /// Digits of a whole number, and behind a point: others can't be told apart from those of a double.
  static let mostDigits = 15

  /// A part that is made once.
  private mutating func once(_ name: String, _ make: (inout JSONGrammar) throws -> Int) throws -> Int {
    if let node = known[name] { return node }
    let node = try make(&self)
    known[name] = node
    return node
  }

  /// Between parts: nothing, a space, or a line's end and what the next begins with.
  mutating func space() throws -> Int {
    try once("space") { json in
      let indent = try json.builder.add(
        .repetition(json.builder.add(.set(ByteSet(9...9, 32...32))), least: 0, most: 20))
      let line = try json.builder.sequence(json.builder.text("\n"), indent)
      return try json.builder.choice([json.builder.text(" "), line, json.builder.nothing()])
    }
  }

  /// A character of a text.
  mutating func character() throws -> Int {
    try once("character") { json in
      var plain = ByteSet(0x20...0x7F)
      plain.remove(UInt8(ascii: "\""))
      plain.remove(UInt8(ascii: "\\"))
      return try json.builder.choice([json.builder.add(.set(plain)), json.escape(), json.wide()])
    }
  }

  /// UTF-8 of several bytes (RFC 3629, section 4).
  mutating func wide() throws -> Int {
    try once("wide") { json in
      func bytes(_ sets: ByteSet...) throws -> Int {
        var nodes: [Int] = []
        for set in sets { nodes.append(try json.builder.add(.set(set))) }
        return try json.builder.add(.sequence(nodes))
      }
      let rest = ByteSet(0x80...0xBF)
      return try json.builder.choice([
        bytes(ByteSet(0xC2...0xDF), rest), bytes(ByteSet(0xE0...0xE0), ByteSet(0xA0...0xBF), rest),
        bytes(ByteSet(0xE1...0xEC, 0xEE...0xEF), rest, rest), bytes(ByteSet(0xED...0xED), ByteSet(0x80...0x9F), rest),
        bytes(ByteSet(0xF0...0xF0), ByteSet(0x90...0xBF), rest, rest),
        bytes(ByteSet(0xF1...0xF3), rest, rest, rest),
        bytes(ByteSet(0xF4...0xF4), ByteSet(0x80...0x8F), rest, rest),
      ])
    }
  }

  private mutating func escape() throws -> Int {
    var short = ByteSet()
    for byte in "\"\\/bfnrt".utf8 { short.insert(byte) }
    let digit = try builder.add(.set(ByteSet(0x30...0x39, 0x41...0x46, 0x61...0x66)))
    func digits(_ count: Int) throws -> Int { try builder.add(.repetition(digit, least: count, most: count)) }
    /// One of several digits.
    func among(_ text: String) throws -> Int {
      var set = ByteSet()
      for byte in text.utf8 { set.insert(byte) }
      return try builder.add(.set(set))
    }
    let (d, low, high) = try (among("dD"), among("01234567"), among("89abAB"))
    let second = try builder.sequence(builder.text("\\u"), d, among("cdefCDEF"), digits(2))
    // Halves of a pair only together.
    let unit = try builder.choice([
      builder.sequence(among("0123456789abcefABCEF"), digits(3)), builder.sequence(d, low, digits(2)),
      builder.sequence(d, high, digits(2), second),
    ])
    return try builder.choice([
      builder.sequence(builder.text("\\"), builder.add(.set(short))), builder.sequence(builder.text("\\u"), unit),
    ])
  }

  mutating func text(least: Int = 0, most: Int? = nil) throws -> Int {
    let quote = try builder.text("\"")
    return try builder.sequence(quote, builder.add(.repetition(character(), least: least, most: most)), quote)
  }

  /// Any text but `names`, none of which is spelled with escapes either.
  mutating func text(except names: [String]) throws -> Int {
    let quote = try builder.text("\"")
    return try builder.sequence(quote, rest(names.map { Array(JSON.quoted($0).utf8.dropFirst().dropLast())[...] }))
  }

  /// The rest of a text that is none of `names`, with the quote behind it.
  private mutating func rest(_ names: [ArraySlice<UInt8>]) throws -> Int {
    let anything = try once("unescaped") { json in
      let plain = try json.plain(except: [])
      let characters = try json.builder.add(.repetition(plain, least: 0, most: nil))
      return try json.builder.sequence(characters, json.builder.text("\""))
    }
    guard !names.isEmpty else { return anything }
    var alternatives: [Int] = []
    if !names.contains(where: \.isEmpty) { alternatives.append(try builder.text("\"")) }
    let firsts = Set(names.compactMap(\.first)).sorted()
    alternatives.append(try builder.sequence(plain(except: firsts), anything))
    for first in firsts {
      let behind = names.filter { $0.first == first }.map { $0.dropFirst() }
      // Within an escape or a character of several bytes there is no other end.
      guard first < 0x80, first != UInt8(ascii: "\\") else { continue }
      alternatives.append(try builder.sequence(builder.add(.bytes([first])), rest(behind)))
    }
    return try builder.choice(alternatives)
  }

  /// A character that begins with none of `bytes`, and is no escape.
  private mutating func plain(except bytes: [UInt8]) throws -> Int {
    var set = ByteSet(0x20...0x7F)
    for byte in bytes + [UInt8(ascii: "\""), UInt8(ascii: "\\")] { set.remove(byte) }
    let single = try builder.add(.set(set))
    // Those of several bytes are left out where a name has one there.
    return try bytes.contains { $0 >= 0x80 } ? single : builder.choice([single, wide()])
  }

  // MARK: Numbers

  private mutating func digits(least: Int, most: Int) throws -> Int {
    try builder.add(.repetition(builder.add(.set(ByteSet(0x30...0x39))), least: least, most: most))
  }

  mutating func integer(signed: Bool = true) throws -> Int {
    try once("integer \(signed)") { json in
      let positive = try json.builder.sequence(
        json.builder.add(.set(ByteSet(0x31...0x39))), json.digits(least: 0, most: Self.mostDigits - 1))
      let number = try json.builder.choice([json.builder.text("0"), positive])
      guard signed else { return number }
      return try json.builder.choice([number, json.builder.sequence(json.builder.text("-"), positive)])
    }
  }

  mutating func number(signed: Bool = true) throws -> Int {
    try once("number \(signed)") { json in
      let point = try json.builder.sequence(json.builder.text("."), json.digits(least: 1, most: Self.mostDigits))
      let sign = try json.builder.optional(json.builder.add(.set(ByteSet(0x2B...0x2B, 0x2D...0x2D))))
      let letter = try json.builder.add(.set(ByteSet(0x45...0x45, 0x65...0x65)))
      let power = try json.builder.sequence(letter, sign, json.digits(least: 1, most: 2))
      let whole = try json.integer(signed: false)
      let minus = try signed ? json.builder.optional(json.builder.text("-")) : json.builder.nothing()
      return try json.builder.sequence(minus, whole, json.builder.optional(point), json.builder.optional(power))
    }
  }

  /// A whole number from `least` to `most`.
  mutating func integer(_ least: Int, _ most: Int) throws -> Int {
    var alternatives: [Int] = []
    if least < 0 {
      let minus = try builder.text("-")
      alternatives.append(try builder.sequence(minus, natural(max(1, -min(most, -1)), -least)))
    }
    if most >= 0 { alternatives.append(try natural(max(0, least), most)) }
    return try builder.choice(alternatives)
  }

  private mutating func natural(_ least: Int, _ most: Int) throws -> Int {
    var alternatives: [Int] = []
    var from = least
    // Numbers of the same length go together.
    while from <= most {
      let digits = String(from).utf8.count
      let greatest = Int(String(repeating: "9", count: digits)) ?? .max
      let to = min(most, greatest)
      alternatives.append(try spelled(Array(String(from).utf8)[...], Array(String(to).utf8)[...]))
      guard to < most else { break }
      from = to + 1
    }
    return try builder.choice(alternatives)
  }

  /// Numbers of the same length, digit by digit.
  private mutating func spelled(_ least: ArraySlice<UInt8>, _ most: ArraySlice<UInt8>) throws -> Int {
    guard let low = least.first, let high = most.first else { return try builder.nothing() }
    let (lows, highs) = (least.dropFirst(), most.dropFirst())
    func after(_ digits: ClosedRange<UInt8>, _ rest: Int) throws -> Int {
      try builder.sequence(builder.add(.set(ByteSet(digits))), rest)
    }
    let (isFromZero, isToNine) = (lows.allSatisfy { $0 == 0x30 }, highs.allSatisfy { $0 == 0x39 })
    if low == high { return try after(low...low, spelled(lows, highs)) }
    if isFromZero, isToNine { return try after(low...high, digits(least: lows.count, most: lows.count)) }
    let (zeros, nines) = (lows.map { _ in UInt8(0x30) }[...], lows.map { _ in UInt8(0x39) }[...])
    var alternatives = [try after(low...low, spelled(lows, nines)), try after(high...high, spelled(zeros, highs))]
    if low + 1 < high { alternatives.append(try after(low + 1...high - 1, spelled(zeros, nines))) }
    return try builder.choice(alternatives)
  }

  // MARK: Values of values

  /// `[`, items with commas between them, and `]`.
  ///
  /// - Parameters:
  ///   - first: Those that have to be there, in their order.
  ///   - item: What comes behind; `nil` for nothing.
  mutating func list(_ first: [Int], _ item: Int?, least: Int, most: Int?) throws -> Int {
    let comma = try builder.sequence(builder.text(","), space())
    var parts = [try builder.text("["), try space()]
    for (place, node) in first.enumerated() { parts += place == 0 ? [node] : [comma, node] }
    if let item {
      let next = try builder.sequence(comma, item)
      func more(_ count: Int) throws -> Int {
        try builder.add(.repetition(next, least: max(0, least - count), most: most.map { max(0, $0 - count) }))
      }
      if !first.isEmpty {
        parts.append(try more(first.count))
      } else if most != 0 {
        let items = try builder.sequence(item, more(1))
        parts.append(try least > 0 ? items : builder.optional(items))
      }
    }
    parts += [try space(), try builder.text("]")]
    return try builder.add(.sequence(parts))
  }

  /// A name, a colon and a value.
  mutating func member(_ name: Int, _ value: Int) throws -> Int {
    try builder.sequence(name, builder.text(":"), space(), value)
  }

  /// `{`, members in their order, others behind them, and `}`.
  mutating func object(_ members: [(node: Int, isRequired: Bool)], _ others: Int?) throws -> Int {
    let comma = try builder.sequence(builder.text(","), space())
    // From the last to the first: what may follow where none was written, and where one was.
    var (none, some) = (try builder.nothing(), try builder.nothing())
    if let others {
      some = try builder.add(.repetition(builder.sequence(comma, others), least: 0, most: nil))
      none = try builder.optional(builder.sequence(others, some))
    }
    for (node, isRequired) in members.reversed() {
      let first = try builder.sequence(node, some)
      let later = try builder.sequence(comma, node, some)
      none = try isRequired ? first : builder.choice([first, none])
      some = try isRequired ? later : builder.choice([later, some])
    }
    return try builder.sequence(builder.text("{"), space(), none, space(), builder.text("}"))
  }

  /// Any object, or any value.
  mutating func anything(object isObject: Bool) throws -> Int {
    if known["value"] == nil {
      let value = try builder.nothing()
      known["value"] = value
      let object = try self.object([], member(text(), value))
      known["object"] = object
      builder.set(
        value,
        to: .choice([
          object, try list([], value, least: 0, most: nil), try text(), try number(), try builder.text("true"),
          try builder.text("false"), try builder.text("null"),
        ]))
    }
    return known[isObject ? "object" : "value"] ?? 0
  }
}
