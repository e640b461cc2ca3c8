import ZooCore

/// A piece of a template.
struct Token: Sendable {
  enum Kind: Sendable, Hashable {
    case text(String)
    case outputBegin
    case outputEnd
    case blockBegin
    case blockEnd
    case name(String)
    case string(String)
    case integer(Int)
    case number(Double)
    case sign(String)
    case end
  }

  let kind: Kind
  let line: Int

  /// In words.
  var description: String {
    switch kind {
    case .text: "text"
    case .outputBegin: "{{"
    case .outputEnd: "}}"
    case .blockBegin: "{%"
    case .blockEnd: "%}"
    case .name(let name): name
    case .string: "a text in quotes"
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .sign(let sign): sign
    case .end: "the end of the template"
    }
  }
}

/// Cuts a template into tokens, with white space around tags treated as `transformers` has Jinja treat it: a line's break
/// behind a block goes (trim_blocks), and so does what precedes a block on its line (lstrip_blocks).
struct Lexer {
  private let source: [Unicode.Scalar]
  private var place = 0
  private var line = 1
  private var tokens: [Token] = []
  /// Whether what was last read ends with a line's break.
  private var isAtLineStart = true

  private init(_ text: String) {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(text.utf8.count)
    var wasReturn = false
    for scalar in text.unicodeScalars {
      if scalar == "\n", wasReturn {
        wasReturn = false
        continue
      }
      wasReturn = scalar == "\r"
      scalars.append(wasReturn ? "\n" : scalar)
    }
    if scalars.last == "\n" { scalars.removeLast() }
    source = scalars
  }

  /// The tokens of a template; the last one is the end.
  ///
  /// - Throws: `ZooError` (`badData`) with the line, for characters that mean nothing and what is never closed.
  static func tokens(of text: String) throws -> [Token] {
    var lexer = Lexer(text)
    try lexer.read()
    return lexer.tokens
  }

  private mutating func read() throws {
    while place < source.count {
      let begin = nextTag()
      guard begin < source.count else {
        add(text: source[place...])
        break
      }
      let kind = source[begin + 1]
      var inside = begin + 2
      let control = inside < source.count ? source[inside] : " "
      if control == "-" || control == "+" { inside += 1 }
      add(text: stripped(source[place..<begin], control, isOutput: kind == "{"))
      move(to: inside)
      isAtLineStart = false
      switch kind {
      case "#": try skipComment()
      case "{": try readTag(closing: ["}", "}"], begin: .outputBegin, end: .outputEnd)
      default:
        if let raw = word("raw", at: inside, allowsPlus: false) {
          try readRaw(from: raw)
        } else {
          try readTag(closing: ["%", "}"], begin: .blockBegin, end: .blockEnd)
        }
      }
    }
    tokens.append(Token(kind: .end, line: line))
  }

  /// Where the next of `{{`, `{%` and `{#` is.
  private func nextTag() -> Int {
    var begin = place
    while begin + 1 < source.count {
      if source[begin] == "{", ["{", "%", "#"].contains(source[begin + 1]) { return begin }
      begin += 1
    }
    return source.count
  }

  /// `text` without what the tag behind it takes away.
  private func stripped(
    _ text: ArraySlice<Unicode.Scalar>, _ control: Unicode.Scalar, isOutput: Bool
  ) -> ArraySlice<Unicode.Scalar> {
    if control == "-" { return text[..<(text.lastIndex { !$0.isPythonSpace }.map { $0 + 1 } ?? text.startIndex)] }
    if control == "+" || isOutput { return text }
    let start = text.lastIndex(of: "\n").map { $0 + 1 } ?? text.startIndex
    guard start > text.startIndex || isAtLineStart, text[start...].allSatisfy(\.isPythonSpace) else { return text }
    return text[..<start]
  }

  private mutating func add(text: ArraySlice<Unicode.Scalar>) {
    guard !text.isEmpty else { return }
    tokens.append(Token(kind: .text(String(scalars: text)), line: line))
  }

  private mutating func move(to end: Int) {
    for scalar in source[place..<end] where scalar == "\n" { line += 1 }
    if end > place { isAtLineStart = source[end - 1] == "\n" }
    place = end
  }

  /// Past the white space that a tag's end takes away.
  private mutating func moveBehindTag(_ end: Int, _ control: Unicode.Scalar, trims: Bool) {
    var end = end
    if control == "-" {
      while end < source.count, source[end].isPythonSpace { end += 1 }
    } else if control != "+", trims, end < source.count, source[end] == "\n" {
      end += 1
    }
    move(to: end)
  }

  private mutating func skipComment() throws {
    var end = place
    while end + 1 < source.count, source[end] != "#" || source[end + 1] != "}" { end += 1 }
    guard end + 1 < source.count else { throw error("a comment is never closed") }
    moveBehindTag(end + 2, end > place ? source[end - 1] : " ", trims: true)
  }

  // MARK: Raw text

  /// Where `word` and the tag's end follow: behind the end, and the sign before it.
  private func word(
    _ word: String, at start: Int, allowsPlus: Bool
  ) -> (end: Int, control: Unicode.Scalar)? {
    var end = start
    func skipSpace() { while end < source.count, source[end].isPythonSpace { end += 1 } }
    skipSpace()
    guard source[end...].starts(with: word.unicodeScalars) else { return nil }
    end += word.unicodeScalars.count
    skipSpace()
    var control: Unicode.Scalar = " "
    if end < source.count, source[end] == "-" || allowsPlus && source[end] == "+" {
      control = source[end]
      end += 1
    }
    guard end + 1 < source.count, source[end] == "%", source[end + 1] == "}" else { return nil }
    return (end + 2, control)
  }

  private mutating func readRaw(from tag: (end: Int, control: Unicode.Scalar)) throws {
    moveBehindTag(tag.end, tag.control, trims: false)
    var begin = place
    while begin + 1 < source.count {
      defer { begin += 1 }
      guard source[begin] == "{", source[begin + 1] == "%" else { continue }
      var inside = begin + 2
      let control = inside < source.count ? source[inside] : " "
      if control == "-" || control == "+" { inside += 1 }
      guard let end = word("endraw", at: inside, allowsPlus: true) else { continue }
      add(text: stripped(source[place..<begin], control, isOutput: false))
      moveBehindTag(end.end, end.control, trims: true)
      return
    }
    throw error("raw text is never closed", advice: "end it with {% endraw %}")
  }

  // MARK: Tags

  private mutating func readTag(closing: [Unicode.Scalar], begin: Token.Kind, end: Token.Kind) throws {
    tokens.append(Token(kind: begin, line: line))
    // Closing marks that are waited for: "}}" may end two dictionaries.
    var open: [Unicode.Scalar] = []
    while place < source.count {
      if open.isEmpty, let (behind, control) = tagEnd(closing) {
        tokens.append(Token(kind: end, line: line))
        moveBehindTag(behind, control, trims: closing[0] == "%")
        return
      }
      if source[place].isPythonSpace {
        move(to: place + 1)
        continue
      }
      let (kind, next) = try token()
      if case .sign(let sign) = kind { try balance(sign, &open) }
      tokens.append(Token(kind: kind, line: line))
      move(to: next)
    }
    throw error("a tag is never closed", advice: "end it with \(closing[0] == "%" ? "%}" : "}}")")
  }

  private func tagEnd(_ closing: [Unicode.Scalar]) -> (end: Int, control: Unicode.Scalar)? {
    var end = place
    var control: Unicode.Scalar = " "
    if source[end] == "-" || source[end] == "+" && closing[0] == "%" {
      control = source[end]
      end += 1
    }
    return source[end...].starts(with: closing) ? (end + 2, control) : nil
  }

  private func balance(_ sign: String, _ open: inout [Unicode.Scalar]) throws {
    switch sign {
    case "(": open.append(")")
    case "[": open.append("]")
    case "{": open.append("}")
    case ")", "]", "}":
      guard let expected = open.popLast(), String(Character(expected)) == sign else {
        throw error("\"\(sign)\" closes nothing")
      }
    default: break
    }
  }

  private static let longSigns: Set<String> = ["//", "**", "==", "!=", ">=", "<="]
  private static let signs = Set("+-/*%~[](){}><=.:|,;".unicodeScalars)

  private func token() throws -> (Token.Kind, Int) {
    let first = source[place]
    if ("0"..."9").contains(first) { return try number() }
    if first == "_" || first.isPythonLetter {
      var end = place
      while end < source.count, source[end].isPythonWord { end += 1 }
      return (.name(String(scalars: source[place..<end])), end)
    }
    if first == "'" || first == "\"" { return try string() }
    if place + 1 < source.count {
      let pair = String(scalars: source[place...place + 1])
      if Self.longSigns.contains(pair) { return (.sign(pair), place + 2) }
    }
    guard Self.signs.contains(first) else { throw error("the character \"\(first)\" means nothing here") }
    return (.sign(String(Character(first))), place + 1)
  }

  private func number() throws -> (Token.Kind, Int) {
    var end = place
    func skip(_ isDigit: (Unicode.Scalar) -> Bool) -> Bool {
      let start = end
      while end < source.count {
        let isSeparator = source[end] == "_" && end > start && end + 1 < source.count && isDigit(source[end + 1])
        guard isSeparator || isDigit(source[end]) else { break }
        end += 1
      }
      return end > start
    }
    func isDecimal(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    if source[place] == "0", place + 1 < source.count, let radix = Self.radices[source[place + 1]] {
      end += 2
      guard skip({ Character($0).hexDigitValue.map { $0 < radix } ?? false && $0.isASCII }) else {
        throw error("a number without digits")
      }
      let digits = String(scalars: source[place + 2..<end].filter { $0 != "_" })
      guard let value = Int(digits, radix: radix) else { throw error("the number \(digits) is too large") }
      return (.integer(value), end)
    }
    _ = skip(isDecimal)
    var isWhole = true
    // Digits behind a dot are an element's number: values.0.1
    let isElement = place > 0 && source[place - 1] == "."
    if !isElement, end + 1 < source.count, source[end] == ".", isDecimal(source[end + 1]) {
      end += 1
      isWhole = !skip(isDecimal)
    }
    if !isElement, end < source.count, source[end] == "e" || source[end] == "E" {
      let mark = end
      end += 1
      if end < source.count, source[end] == "+" || source[end] == "-" { end += 1 }
      if skip(isDecimal) { isWhole = false } else { end = mark }
    }
    let digits = String(scalars: source[place..<end].filter { $0 != "_" })
    if isWhole {
      guard let value = Int(digits) else { throw error("the number \(digits.prefix(40)) is too large") }
      guard digits.first != "0" || value == 0 else { throw error("the number \(digits.prefix(40)) begins with 0") }
      return (.integer(value), end)
    }
    guard let value = Double(digits) else { throw error("the number \(digits.prefix(40)) is none") }
    return (.number(value), end)
  }

  private static let radices: [Unicode.Scalar: Int] = ["b": 2, "B": 2, "o": 8, "O": 8, "x": 16, "X": 16]

  // MARK: Texts in quotes

  private func string() throws -> (Token.Kind, Int) {
    let quote = source[place]
    var result = String.UnicodeScalarView()
    var end = place + 1
    while end < source.count {
      let scalar = source[end]
      if scalar == quote { return (.string(String(result)), end + 1) }
      end += 1
      if scalar == "\\" { try appendEscape(&end, to: &result) } else { result.append(scalar) }
    }
    throw error("a text in quotes is never closed")
  }

  private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
    "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}",
    "v": "\u{B}",
  ]

  /// As Python reads what follows a backslash; one that means nothing stays.
  private func appendEscape(_ place: inout Int, to result: inout String.UnicodeScalarView) throws {
    guard place < source.count else { throw error("a text in quotes is never closed") }
    let scalar = source[place]
    place += 1
    if let plain = Self.escapes[scalar] { return result.append(plain) }
    switch scalar {
    case "\n": return
    case "x": result.append(try character(&place, digits: 2))
    case "u": result.append(try character(&place, digits: 4))
    case "U": result.append(try character(&place, digits: 8))
    case "N":
      throw error("characters by name (\\N) are not known here", advice: "write the character's number, \\u2026")
    case "0"..."7":
      place -= 1
      var value: UInt32 = 0
      for _ in 0..<3 where place < source.count && ("0"..."7").contains(source[place]) {
        value = value * 8 + source[place].value - 0x30
        place += 1
      }
      result.append(Unicode.Scalar(value) ?? "\u{FFFD}")
    default:
      result.append("\\")
      result.append(scalar)
    }
  }

  private func character(_ place: inout Int, digits: Int) throws -> Unicode.Scalar {
    let end = place + digits
    guard end <= source.count, source[place..<end].allSatisfy({ $0.isASCII && Character($0).isHexDigit }),
      let value = UInt32(String(scalars: source[place..<end]), radix: 16), let scalar = Unicode.Scalar(value)
    else { throw error("an escape in a text in quotes is no character") }
    place = end
    return scalar
  }

  private func error(_ message: String, advice: String? = nil) -> ZooError {
    ZooError(.badData, message, at: "line \(line)", advice: advice ?? "the model's chat template is damaged")
  }
}
