import ZooCore

/// The methods that texts have in Python.
extension Renderer {
  static let textMethods: Set<String> = [
    "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "format", "index", "isalnum",
    "isalpha", "isascii", "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "join",
    "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust",
    "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
    "zfill",
  ]

  func call(textMethod name: String, of text: String, _ arguments: Arguments) throws -> Value {
    // What becomes of it; methods that make it longer pay for that themselves.
    try meter.allocate(text.utf8.count)
    switch name {
    case "strip", "lstrip", "rstrip":
      let characters = try arguments.values(of: "chars", by: name)[0]
      return .text(try stripped(text, characters, left: name != "rstrip", right: name != "lstrip"))
    case "split", "rsplit": return try split(text, arguments, fromEnd: name == "rsplit")
    case "splitlines":
      let keepsEnds = try arguments.values(of: "keepends", by: name)[0].map(isTrue) ?? false
      return try list(lines(of: text, keepsEnds: keepsEnds).map(Value.text))
    case "startswith", "endswith": return .bool(try isAtEnd(of: text, arguments, name))
    case "find", "rfind", "index", "rindex", "count": return try find(in: text, arguments, name)
    case "replace":
      let given = try arguments.values(of: "old", "new", "count", by: name)
      guard case .text(let old)? = given[0], case .text(let new)? = given[1] else { throw Self.needsText(name) }
      return .text(try replaced(text, old, new, try wholeNumber(given[2], name) ?? -1))
    case "join":
      let parts = try elements(of: try required(arguments.values(of: "iterable", by: name)[0], name)).map {
        guard case .text(let part) = $0 else { throw Self.needsText(name) }
        return part
      }
      return .text(try joined(parts, by: text))
    case "removeprefix", "removesuffix":
      guard case .text(let part)? = try arguments.values(of: "part", by: name)[0] else { throw Self.needsText(name) }
      try meter.spend(part.utf8.count)
      if name == "removeprefix" {
        return .text(text.utf8.starts(with: part.utf8) ? String(text.utf8.dropFirst(part.utf8.count))! : text)
      }
      let ends = !part.isEmpty && text.utf8.reversed().starts(with: part.utf8.reversed())
      return .text(ends ? String(text.utf8.dropLast(part.utf8.count))! : text)
    case "partition", "rpartition": return try partition(text, arguments, fromEnd: name == "rpartition")
    case "center", "ljust", "rjust", "zfill", "expandtabs": return .text(try padded(text, arguments, name))
    case "format": return .text(try formatted(text, arguments))
    default:
      _ = try arguments.values(by: name)
      return name.hasPrefix("is") ? .bool(Self.isAll(text, name)) : .text(Self.cased(text, name))
    }
  }

  static func needsText(_ name: String) -> ZooError { ZooError(.badData, "\(name) needs a text", advice: advice) }

  func required(_ value: Value?, _ name: String) throws -> Value {
    guard let value else { throw ZooError(.badData, "\(name) needs an argument", advice: Self.advice) }
    return value
  }

  /// A whole number, unless it was left open.
  func wholeNumber(_ value: Value?, _ name: String) throws -> Int? {
    guard let value, !value.isNone else { return nil }
    if case .undefined(let message) = value { throw Self.undefined(message) }
    guard let number = value.wholeNumber else {
      throw ZooError(.badData, "\(name) needs a whole number", advice: Self.advice)
    }
    return number
  }

  // MARK: - Ends

  func stripped(_ text: String, _ characters: Value?, left: Bool, right: Bool) throws -> String {
    let isDropped: (Unicode.Scalar) -> Bool
    switch characters {
    case nil, .some(.none): isDropped = \.isPythonSpace
    case .some(.text(let characters)):
      try meter.spend(characters.utf8.count)
      let set = Set(characters.unicodeScalars)
      isDropped = { set.contains($0) }
    case .some(.undefined(let message)): throw Self.undefined(message)
    default: throw Self.needsText("strip")
    }
    let scalars = text.unicodeScalars
    var (start, end) = (scalars.startIndex, scalars.endIndex)
    if left { while start < end, isDropped(scalars[start]) { start = scalars.index(after: start) } }
    if right {
      while start < end, isDropped(scalars[scalars.index(before: end)]) { end = scalars.index(before: end) }
    }
    return String(scalars[start..<end])
  }

  private func isAtEnd(of text: String, _ arguments: Arguments, _ name: String) throws -> Bool {
    let given = try arguments.values(of: "prefix", "start", "end", by: name)
    guard let bytes = try part(of: text, given[1], given[2], name)?.bytes else { return false }
    let candidates: [Value]
    switch given[0] {
    case .some(.tuple(let items)): candidates = items.values
    case .some(.undefined(let message)): throw Self.undefined(message)
    case let value: candidates = [try required(value, name)]
    }
    for candidate in candidates {
      guard case .text(let wanted) = candidate else { throw Self.needsText(name) }
      try meter.spend(wanted.utf8.count)
      if name == "startswith" ? bytes.starts(with: wanted.utf8) : bytes.reversed().starts(with: wanted.utf8.reversed())
      {
        return true
      }
    }
    return false
  }

  /// The characters from `start` to `end`, in UTF-8, and how many there are before; `nil` where `start` is behind them.
  private func part(
    of text: String, _ start: Value?, _ end: Value?, _ name: String
  ) throws -> (bytes: [UInt8], before: Int)? {
    let (from, to) = (try wholeNumber(start, name), try wholeNumber(end, name))
    if from == nil, to == nil { return (Array(text.utf8), 0) }
    let scalars = Array(text.unicodeScalars)
    func place(_ bound: Int) -> Int { max(0, bound < 0 ? bound + scalars.count : bound) }
    let first = place(from ?? 0)
    let last = min(place(to ?? .max), scalars.count)
    guard first <= last else { return nil }
    return (Array(String(scalars: scalars[first..<last]).utf8), first)
  }

  // MARK: - Parts

  private func find(in text: String, _ arguments: Arguments, _ name: String) throws -> Value {
    let given = try arguments.values(of: "sub", "start", "end", by: name)
    guard case .text(let wanted)? = given[0] else { throw Self.needsText(name) }
    let part = try part(of: text, given[1], given[2], name)
    let places = try part.map { try Search(wanted, meter).all(in: $0.bytes) } ?? []
    if name == "count" { return .integer(places.count) }
    var place: Int?
    if name.hasPrefix("r"), let part, !places.isEmpty {
      // The last may overlap the ones before.
      place = try lastPlaces(of: wanted, in: part.bytes, 1).first?.lowerBound
    } else {
      place = places.first?.lowerBound
    }
    guard let part, let place else {
      if name.hasSuffix("index") {
        throw ZooError(.badData, "a text does not have the one whose place is asked for", advice: Self.advice)
      }
      return .integer(-1)
    }
    return .integer(part.before + part.bytes[..<place].lazy.filter { $0 & 0xC0 != 0x80 }.count)
  }

  func replaced(_ text: String, _ old: String, _ new: String, _ limit: Int) throws -> String {
    let bytes = Array(text.utf8)
    let places = try Search(old, meter).all(in: bytes, atMost: limit < 0 ? .max : limit)
    guard !places.isEmpty else { return text }
    try meter.allocate(places.count, times: new.utf8.count)
    var result: [UInt8] = []
    var place = 0
    for range in places {
      result += bytes[place..<range.lowerBound]
      result += new.utf8
      place = range.upperBound
    }
    return String(decoding: result + bytes[place...], as: UTF8.self)
  }

  func joined(_ parts: [String], by separator: String) throws -> String {
    try meter.allocate(max(0, parts.count - 1), times: separator.utf8.count)
    try meter.allocate(parts.reduce(0) { $0 + $1.utf8.count })
    return parts.joined(separator: separator)
  }

  private func split(_ text: String, _ arguments: Arguments, fromEnd: Bool) throws -> Value {
    let given = try arguments.values(of: "sep", "maxsplit", by: "split")
    let most = try wholeNumber(given[1], "split") ?? -1
    let limit = most < 0 ? Int.max : most
    switch given[0] {
    case nil, .some(.none): return try list(words(of: text, limit, fromEnd: fromEnd).map(Value.text))
    case .some(.text(let separator)):
      guard !separator.isEmpty else { throw ZooError(.badData, "a text is split by nothing", advice: Self.advice) }
      let bytes = Array(text.utf8)
      var places =
        try fromEnd
        ? lastPlaces(of: separator, in: bytes, limit) : Search(separator, meter).all(in: bytes, atMost: limit)
      places.append(bytes.count..<bytes.count)
      var place = 0
      var parts: [Value] = []
      for range in places {
        parts.append(.text(String(decoding: bytes[place..<range.lowerBound], as: UTF8.self)))
        place = range.upperBound
      }
      return try list(parts)
    case .some(.undefined(let message)): throw Self.undefined(message)
    default: throw Self.needsText("split")
    }
  }

  /// Where `separator` is when it is looked for from the end, first to last.
  private func lastPlaces(of separator: String, in bytes: [UInt8], _ limit: Int) throws -> [Range<Int>] {
    // Turned round byte by byte, which finds the same: a text's first byte is never within a character.
    let search = try Search(reversed: separator, meter)
    return try search.all(in: bytes.reversed(), atMost: limit).reversed().map {
      bytes.count - $0.upperBound..<bytes.count - $0.lowerBound
    }
  }

  /// What stands between white space.
  private func words(of text: String, _ limit: Int, fromEnd: Bool) throws -> [String] {
    let scalars = Array(text.unicodeScalars)
    var words: [Range<Int>] = []
    var start: Int?
    for place in scalars.indices {
      if scalars[place].isPythonSpace {
        if let begun = start { words.append(begun..<place) }
        start = nil
      } else if start == nil {
        start = place
      }
    }
    if let start { words.append(start..<scalars.count) }
    try meter.allocate(words.count, times: 16)
    guard words.count > limit else { return words.map { String(scalars: scalars[$0]) } }
    // What is left over is one piece, without the white space at its outer end.
    let rest = words.count - limit
    if fromEnd {
      let head = words[..<rest]
      let first = 0..<(head.last?.upperBound ?? 0)
      return ([first] + words[rest...]).map { String(scalars: scalars[$0]) }
    }
    let last = words[limit].lowerBound..<scalars.count
    return (words[..<limit] + [last]).map { String(scalars: scalars[$0]) }
  }

  private func partition(_ text: String, _ arguments: Arguments, fromEnd: Bool) throws -> Value {
    guard case .text(let separator)? = try arguments.values(of: "sep", by: "partition")[0], !separator.isEmpty else {
      throw Self.needsText("partition")
    }
    let bytes = Array(text.utf8)
    let places =
      try fromEnd ? lastPlaces(of: separator, in: bytes, 1) : Search(separator, meter).all(in: bytes, atMost: 1)
    guard let place = places.first else {
      return .tuple(try items((fromEnd ? ["", "", text] : [text, "", ""]).map(Value.text)))
    }
    let parts = [bytes[..<place.lowerBound], bytes[place], bytes[place.upperBound...]]
    return .tuple(try items(parts.map { .text(String(decoding: $0, as: UTF8.self)) }))
  }

  func lines(of text: String, keepsEnds: Bool) throws -> [String] {
    let scalars = Array(text.unicodeScalars)
    try meter.allocate(scalars.count)
    var lines: [String] = []
    var place = 0
    while place < scalars.count {
      let start = place
      while place < scalars.count, !scalars[place].isPythonLineBreak { place += 1 }
      var end = place
      if place < scalars.count {
        place += scalars[place] == "\r" && place + 1 < scalars.count && scalars[place + 1] == "\n" ? 2 : 1
        if keepsEnds { end = place }
      }
      try meter.allocate(Items.valueSize)
      lines.append(String(scalars: scalars[start..<end]))
    }
    return lines
  }

  // MARK: - Width

  private func padded(_ text: String, _ arguments: Arguments, _ name: String) throws -> String {
    if name == "expandtabs" {
      let width = try wholeNumber(arguments.values(of: "tabsize", by: name)[0], name) ?? 8
      return try expanded(text, width)
    }
    let given = try arguments.values(of: "width", "fillchar", by: name)
    let width = try wholeNumber(try required(given[0], name), name) ?? 0
    let count = text.unicodeScalars.count
    let missing = max(0, width > 0 ? width - count : 0)
    var fill = name == "zfill" ? "0" : " "
    if let own = given[1] {
      guard case .text(let own) = own, own.unicodeScalars.count == 1, name != "zfill" else {
        throw Self.needsText(name)
      }
      fill = own
    }
    try meter.allocate(missing, times: 4)
    func filling(_ count: Int) -> String { String(repeating: fill, count: count) }
    switch name {
    case "ljust": return text + filling(missing)
    case "rjust": return filling(missing) + text
    case "zfill":
      let sign = text.unicodeScalars.first.map { $0 == "-" || $0 == "+" } == true ? 1 : 0
      let scalars = text.unicodeScalars
      return String(scalars.prefix(sign)) + filling(missing) + String(scalars.dropFirst(sign))
    default:
      let left = missing / 2 + (missing & width & 1)
      return filling(left) + text + filling(missing - left)
    }
  }

  private func expanded(_ text: String, _ width: Int) throws -> String {
    var result = String.UnicodeScalarView()
    var column = 0
    for scalar in text.unicodeScalars {
      if scalar == "\t" {
        guard width > 0 else { continue }
        let count = width - column % width
        try meter.allocate(count)
        result.append(contentsOf: repeatElement(" ", count: count))
        column += count
      } else {
        result.append(scalar)
        column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
      }
    }
    return String(result)
  }

  // MARK: - Case

  static func cased(_ text: String, _ method: String) -> String {
    switch method {
    case "upper": return text.unicodeScalars.map(\.properties.uppercaseMapping).joined()
    case "casefold", "lower":
      let scalars = Array(text.unicodeScalars)
      return scalars.indices.map { lowercased(scalars, at: $0) }.joined()
    case "swapcase":
      let scalars = Array(text.unicodeScalars)
      return scalars.indices.map { place in
        scalars[place].isPythonUppercase
          ? lowercased(scalars, at: place)
          : scalars[place].isPythonLowercase
            ? scalars[place].properties.uppercaseMapping : String(Character(scalars[place]))
      }.joined()
    case "capitalize":
      let scalars = Array(text.unicodeScalars)
      guard let first = scalars.first else { return "" }
      return first.properties.titlecaseMapping
        + scalars.indices.dropFirst().map { lowercased(scalars, at: $0) }.joined()
    default:
      let scalars = Array(text.unicodeScalars)
      var followsCased = false
      return scalars.indices.map { place in
        defer { followsCased = scalars[place].properties.isCased }
        return followsCased ? lowercased(scalars, at: place) : scalars[place].properties.titlecaseMapping
      }.joined()
    }
  }

  /// A sigma at a word's end is another letter.
  private static func lowercased(_ scalars: [Unicode.Scalar], at place: Int) -> String {
    guard scalars[place] == "\u{3A3}" else { return scalars[place].properties.lowercaseMapping }
    let before = scalars[..<place].last { !$0.properties.isCaseIgnorable }
    let after = scalars[(place + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased == true && after?.properties.isCased != true ? "\u{3C2}" : "\u{3C3}"
  }

  private static func isAll(_ text: String, _ method: String) -> Bool {
    let scalars = text.unicodeScalars
    switch method {
    case "isascii": return scalars.allSatisfy(\.isASCII)
    case "isupper", "islower": return isCased(text, upper: method == "isupper")
    case "istitle": return isTitle(text)
    default: break
    }
    let isFulfilled: (Unicode.Scalar) -> Bool =
      switch method {
      case "isalnum": { $0.isPythonLetter || $0.isPythonNumeric }
      case "isalpha": \.isPythonLetter
      case "isdecimal": \.isPythonDecimal
      case "isdigit": \.isPythonDigit
      case "isnumeric": \.isPythonNumeric
      default: \.isPythonSpace
      }
    return !scalars.isEmpty && scalars.allSatisfy(isFulfilled)
  }

  /// `str.isupper` and `str.islower`.
  static func isCased(_ text: String, upper: Bool) -> Bool {
    var hasAny = false
    for scalar in text.unicodeScalars {
      if upper ? scalar.isPythonLowercase : scalar.isPythonUppercase { return false }
      if scalar.isPythonTitlecase { return false }
      hasAny = hasAny || (upper ? scalar.isPythonUppercase : scalar.isPythonLowercase)
    }
    return hasAny
  }

  private static func isTitle(_ text: String) -> Bool {
    var followsCased = false
    var hasAny = false
    for scalar in text.unicodeScalars {
      if scalar.isPythonUppercase || scalar.isPythonTitlecase {
        if followsCased { return false }
        (followsCased, hasAny) = (true, true)
      } else if scalar.isPythonLowercase {
        if !followsCased { return false }
        (followsCased, hasAny) = (true, true)
      } else {
        followsCased = false
      }
    }
    return hasAny
  }
}
