import PluginSupport
import ZooPlugin

/// Reads RE2's syntax (https://github.com/google/re2/wiki/Syntax), but for names of scripts and `\C`.
struct RegexParser {
  private struct Flags {
    var ignoresCase = false
    var isMultiline = false
    var dotIsAll = false
  }
  private static let mostDepth = 200
  private static let mostRepetitions = 1000

  private let pattern: String
  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var flags = Flags()
  private var depth = 0

  static func parse(_ pattern: String) throws -> RegexNode {
    var parser = RegexParser(pattern)
    let node = try parser.choice()
    guard parser.place == parser.scalars.count else { throw parser.invalid("a ) without (") }
    return node
  }

  private init(_ pattern: String) {
    self.pattern = pattern
    scalars = Array(pattern.unicodeScalars)
  }

  private func invalid(_ what: String) -> OperatorError {
    OperatorError("the pattern \(pattern.prefix(100)) is not valid at character \(place): \(what)")
  }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard place + wanted.count <= scalars.count, Array(scalars[place..<place + wanted.count]) == wanted else {
      return false
    }
    place += wanted.count
    return true
  }

  // MARK: Structure

  private mutating func choice() throws -> RegexNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.mostDepth else { throw invalid("groups are nested too deeply") }
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws -> RegexNode {
    var parts: [RegexNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if take("\\Q") {
        var isAny = false
        while place < scalars.count, !take("\\E") {
          parts.append(literal(scalars[place]))
          place += 1
          isAny = true
        }
        if isAny, let last = parts.popLast() { parts.append(try repeated(last)) }
        continue
      }
      guard let atom = try atom() else { continue }
      parts.append(try repeated(atom))
    }
    return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
  }

  /// `atom` with the repetition that follows it.
  private mutating func repeated(_ atom: RegexNode) throws -> RegexNode {
    guard let bounds = try repetition() else { return atom }
    // Whether as few or as many as possible does not matter to what matches as a whole.
    _ = take("?")
    let start = place
    if try repetition() != nil {
      place = start
      throw invalid("a repetition of a repetition")
    }
    return .repetition(atom, least: bounds.least, most: bounds.most)
  }

  private mutating func repetition() throws -> (least: Int, most: Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    let start = place
    guard take("{"), let least = number() else {
      place = start
      return nil
    }
    var most: Int? = least
    if take(",") { most = number() }
    guard take("}") else {
      place = start
      return nil
    }
    guard least <= Self.mostRepetitions, most ?? least <= Self.mostRepetitions, least <= most ?? least else {
      throw invalid("\(least) to \(most.map(String.init) ?? "any") repetitions")
    }
    return (least, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let digit = next, digit.value >= 48, digit.value <= 57 {
      value = min((value ?? 0) * 10 + Int(digit.value - 48), 1 << 20)
      place += 1
    }
    return value
  }

  // MARK: Atoms

  private func literal(_ scalar: Unicode.Scalar) -> RegexNode {
    let set = ScalarSet([scalar.value...scalar.value])
    return .set(flags.ignoresCase ? set.ignoringCase : set)
  }

  /// - Returns: `nil` for what only sets flags.
  private mutating func atom() throws -> RegexNode? {
    guard let scalar = next else { return nil }
    switch scalar {
    case "(": return try group()
    case "[": return .set(try bracketed())
    case "*", "+", "?": throw invalid("nothing to repeat before \(scalar)")
    case "\\": return try escaped()
    default: place += 1
    }
    switch scalar {
    case ".": return .set(flags.dotIsAll ? .all : ScalarSet("\n").inverted)
    case "^": return .assertion(flags.isMultiline ? .lineBegin : .textBegin)
    case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
    default: return literal(scalar)
    }
  }

  private mutating func group() throws -> RegexNode? {
    place += 1
    let outer = flags
    if take("?P<") || take("?<") {
      let start = place
      while let scalar = next, scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
        place += 1
      }
      guard place > start, take(">") else { throw invalid("a group's name is wrong") }
    } else if take("?") {
      var isOn = true
      while let flag = next, flag != ":", flag != ")" {
        place += 1
        switch flag {
        case "i": flags.ignoresCase = isOn
        case "m": flags.isMultiline = isOn
        case "s": flags.dotIsAll = isOn
        case "U": break
        case "-" where isOn: isOn = false
        default: throw invalid("the flag \(flag) is unknown")
        }
      }
      // Flags alone hold to the end of the group around.
      if take(")") { return nil }
      guard take(":") else { throw invalid("a ( without )") }
    }
    let node = try choice()
    guard take(")") else { throw invalid("a ( without )") }
    flags = outer
    return node
  }

  private mutating func escaped() throws -> RegexNode {
    let assertions: [(String, RegexNode.Assertion)] = [
      ("\\A", .textBegin), ("\\z", .textEnd), ("\\b", .wordBoundary), ("\\B", .noWordBoundary),
    ]
    for (text, assertion) in assertions where take(text) { return .assertion(assertion) }
    if let set = try escapedClass() { return .set(set) }
    return literal(try escapedScalar())
  }

  /// `\d`, `\pL` and the like; `nil` for anything else.
  private mutating func escapedClass() throws -> ScalarSet? {
    guard place + 1 < scalars.count, scalars[place] == "\\" else { return nil }
    let kind = scalars[place + 1]
    switch kind {
    case "d", "D", "s", "S", "w", "W":
      place += 2
      let set: ScalarSet = kind == "d" || kind == "D" ? .digits : kind == "s" || kind == "S" ? .spaces : .word
      return kind.properties.isUppercase ? set.inverted : set
    case "p", "P":
      place += 2
      var isNegative = kind == "P"
      var name = ""
      if take("{") {
        if take("^") { isNegative.toggle() }
        while let scalar = next, scalar != "}" {
          name.unicodeScalars.append(scalar)
          place += 1
        }
        guard take("}") else { throw invalid("a { without }") }
      } else if let scalar = next {
        name.unicodeScalars.append(scalar)
        place += 1
      }
      guard let set = ScalarSet.category(name) else {
        throw OperatorError("the pattern names characters \(name), which are not known here", kind: .unsupported)
      }
      return isNegative ? set.inverted : set
    default: return nil
    }
  }

  /// One scalar after a backslash.
  private mutating func escapedScalar() throws -> Unicode.Scalar {
    place += 1
    guard let scalar = next else { throw invalid("a \\ at the end") }
    place += 1
    switch scalar {
    case "a": return "\u{7}"
    case "f": return "\u{c}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "v": return "\u{b}"
    case "x": return try hexadecimal()
    case "0"..."7":
      // One digit that is not 0 would be a group's number.
      let others = (0..<2).prefix { place + $0 < scalars.count && ("0"..."7").contains(scalars[place + $0]) }.count
      guard scalar == "0" || others > 0 else { throw invalid("references to groups don't exist here") }
      var value = scalar.value - 48
      for _ in 0..<others {
        value = value * 8 + scalars[place].value - 48
        place += 1
      }
      return Unicode.Scalar(value) ?? "\u{fffd}"
    default:
      let isName = scalar.value < 128 && (ScalarSet.word.contains(scalar.value) && scalar != "_")
      guard !isName else { throw invalid("\\\(scalar) is unknown") }
      return scalar
    }
  }

  private mutating func hexadecimal() throws -> Unicode.Scalar {
    let isLong = take("{")
    var digits = ""
    while let scalar = next, scalar.properties.isASCIIHexDigit, digits.count < (isLong ? 8 : 2) {
      digits.unicodeScalars.append(scalar)
      place += 1
    }
    guard !isLong || take("}"), isLong || digits.count == 2, let value = UInt32(digits, radix: 16),
      let scalar = Unicode.Scalar(value)
    else { throw invalid("a number of a character is wrong") }
    return scalar
  }

  // MARK: Brackets

  private mutating func bracketed() throws -> ScalarSet {
    place += 1
    let isNegative = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    var isFirst = true
    while isFirst || next != "]" {
      guard next != nil else { throw invalid("a [ without ]") }
      isFirst = false
      if let set = try posixClass() ?? escapedClass() {
        ranges += set.ranges
        continue
      }
      let low = try bracketedScalar()
      var high = low
      if next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" {
        place += 1
        high = try bracketedScalar()
      }
      guard low.value <= high.value else { throw invalid("a range from \(low) to \(high)") }
      ranges.append(low.value...high.value)
    }
    place += 1
    let set = ScalarSet(ranges)
    let cased = flags.ignoresCase ? set.ignoringCase : set
    return isNegative ? cased.inverted : cased
  }

  private mutating func bracketedScalar() throws -> Unicode.Scalar {
    guard let scalar = next else { throw invalid("a [ without ]") }
    if scalar == "\\" { return try escapedScalar() }
    place += 1
    return scalar
  }

  private mutating func posixClass() throws -> ScalarSet? {
    let start = place
    guard take("[:") else { return nil }
    let isNegative = take("^")
    var name = ""
    while let scalar = next, scalar.properties.isAlphabetic {
      name.unicodeScalars.append(scalar)
      place += 1
    }
    guard take(":]") else {
      place = start
      return nil
    }
    guard let set = ScalarSet(posix: name) else { throw invalid("[:\(name):] is unknown") }
    return isNegative ? set.inverted : set
  }
}
