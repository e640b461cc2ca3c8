import ZooCore

/// Jinja's filters.
extension Renderer {
  func filtered(_ value: Value, by name: String, _ arguments: Arguments) throws -> Value {
    guard case .markup(let text) = value else { return try filtered(plain: value, by: name, arguments) }
    if ["safe", "escape", "e", "default", "d"].contains(name) { return value }
    let result = try filtered(plain: .text(text), by: name, arguments)
    let staysMarkup = ["string", "trim", "upper", "lower", "capitalize", "center", "indent"].contains(name)
    if staysMarkup, case .text(let own) = result { return .markup(own) }
    return result
  }

  private func filtered(plain value: Value, by name: String, _ arguments: Arguments) throws -> Value {
    if let result = try filteredText(value, by: name, arguments) { return result }
    if let result = try filteredNumber(value, by: name, arguments) { return result }
    if let result = try filteredList(value, by: name, arguments) { return result }
    switch name {
    case "default", "d":
      let given = try arguments.values(of: "default_value", "boolean", by: name)
      let isReplaced = value.isUndefined || given[1].map(isTrue) == true && !isTrue(value)
      return isReplaced ? given[0] ?? .text("") : value
    case "attr":
      let name = try arguments.values(of: "name", by: name)[0]
      guard case .text(let name)? = name else { throw Self.needsText("attr") }
      if case .undefined(let message) = value { throw Self.undefined(message) }
      return try knownAttribute(name, of: value) ?? Self.missing(name, in: value)
    case "tojson": return try json(value, arguments)
    default:
      throw ZooError(.unsupported, "there is no filter \"\(name.prefix(100))\"", advice: Self.advice)
    }
  }

  // MARK: - Texts

  /// `nil` for a filter that makes no text.
  private func filteredText(_ value: Value, by name: String, _ arguments: Arguments) throws -> Value? {
    switch name {
    case "string": return .text(try plainText(of: value))
    case "safe": return .markup(try plainText(of: value))
    case "upper", "lower", "capitalize":
      return try call(textMethod: name, of: try plainText(of: value), arguments)
    case "title": return .text(try titled(try plainText(of: value)))
    case "trim":
      let characters = try arguments.values(of: "chars", by: name)[0]
      return .text(try stripped(try plainText(of: value), characters, left: true, right: true))
    case "center":
      let width = try arguments.values(of: "width", by: name)[0] ?? .integer(80)
      return try call(textMethod: name, of: try plainText(of: value), Arguments(positional: [width]))
    case "replace":
      let given = try arguments.values(of: "old", "new", "count", by: name)
      let old = try plainText(of: try required(given[0], name))
      let new = try plainText(of: try required(given[1], name))
      return .text(try replaced(try plainText(of: value), old, new, try wholeNumber(given[2], name) ?? -1))
    case "indent": return .text(try indented(value, arguments))
    case "escape", "e", "forceescape": return .markup(try escaped(try plainText(of: value)))
    case "format":
      guard arguments.named.isEmpty || arguments.positional.isEmpty else {
        throw ZooError(.badData, "format takes arguments with names or without, not both", advice: Self.advice)
      }
      let given =
        arguments.named.isEmpty
        ? Value.tuple(try items(arguments.positional))
        : try call(.function(.dict), arguments)
      return try text(try formatted(try plainText(of: value), with: given))
    case "wordcount":
      let text = try plainText(of: value)
      try meter.spend(text.utf8.count)
      return .integer(text.unicodeScalars.split { !$0.isPythonWord }.count)
    case "truncate" where value.isUndefined: return value
    case "truncate": return .text(try truncated(try plainText(of: value), arguments))
    case "join":
      let given = try arguments.values(of: "d", "attribute", by: name)
      let separator = try given[0].map(plainText) ?? ""
      let parts = try values(given[1], of: elements(of: value)).map(plainText)
      return .text(try joined(parts, by: separator))
    default: return nil
    }
  }

  /// A capital after each character that words begin behind.
  private func titled(_ text: String) throws -> String {
    try meter.allocate(text.utf8.count)
    var words: [[Unicode.Scalar]] = [[]]
    for scalar in text.unicodeScalars {
      let isBreak = scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar)
      if isBreak {
        words[words.count - 1].append(scalar)
        words.append([])
      } else {
        words[words.count - 1].append(scalar)
      }
    }
    return words.map { word in
      guard let first = word.first else { return "" }
      return first.properties.uppercaseMapping + Self.cased(String(scalars: word.dropFirst()), "lower")
    }.joined()
  }

  private func indented(_ value: Value, _ arguments: Arguments) throws -> String {
    let given = try arguments.values(of: "width", "first", "blank", by: "indent")
    guard case .text(let text) = value else {
      if case .undefined(let message) = value { throw Self.undefined(message) }
      throw Self.needsText("indent")
    }
    let indent: String
    if case .text(let own)? = given[0] {
      indent = own
    } else {
      let width = max(0, try wholeNumber(given[0], "indent") ?? 4)
      try meter.allocate(width)
      indent = String(repeating: " ", count: width)
    }
    let takesBlank = given[2].map(isTrue) ?? false
    let lines = try lines(of: text + "\n", keepsEnds: false)
    try meter.allocate(lines.count, times: indent.utf8.count + 1)
    var result = given[1].map(isTrue) == true ? indent : ""
    for (index, line) in lines.enumerated() {
      if index > 0 { result += "\n" + (line.isEmpty && !takesBlank ? "" : indent) }
      result += line
    }
    return result
  }

  private static let escapes: [(String, String)] = [
    ("&", "&amp;"), (">", "&gt;"), ("<", "&lt;"), ("'", "&#39;"), ("\"", "&#34;"),
  ]

  /// A text as a part of markup.
  func markup(_ value: Value) throws -> String {
    if case .markup(let text) = value { return text }
    return try escaped(try plainText(of: value))
  }

  private func escaped(_ text: String) throws -> String {
    try Self.escapes.reduce(text) { try replaced($0, $1.0, $1.1, -1) }
  }

  private func truncated(_ text: String, _ arguments: Arguments) throws -> String {
    let given = try arguments.values(of: "length", "killwords", "end", "leeway", by: "truncate")
    let length = try wholeNumber(given[0], "truncate") ?? 255
    let end = try given[2].map(plainText) ?? "..."
    let leeway = try wholeNumber(given[3], "truncate") ?? 5
    try meter.allocate(text.utf8.count)
    let scalars = Array(text.unicodeScalars)
    let width = end.unicodeScalars.count
    guard length >= width, leeway >= 0 else {
      throw ZooError(.badData, "truncate is to keep less than its end takes", advice: Self.advice)
    }
    if scalars.count - length <= leeway { return text }
    var kept = scalars[..<(length - width)]
    if given[1].map(isTrue) != true, let space = kept.lastIndex(of: " ") { kept = kept[..<space] }
    return String(scalars: kept) + end
  }

  // MARK: - Numbers

  /// `nil` for a filter that makes no number.
  private func filteredNumber(_ value: Value, by name: String, _ arguments: Arguments) throws -> Value? {
    switch name {
    case "length", "count":
      _ = try arguments.values(by: name)
      return .integer(try count(of: value))
    case "int": return try wholeNumber(of: value, arguments)
    case "float":
      if case .undefined(let message) = value { throw Self.undefined(message) }
      let usual = try arguments.values(of: "default", by: name)[0] ?? .number(0)
      if let number = value.anyNumber { return .number(number) }
      return value.exactText.flatMap(Self.number).map(Value.number) ?? usual
    case "abs":
      if let number = value.wholeNumber { return number < 0 ? try negative(value) : .integer(number) }
      if case .number(let number) = value { return .number(number.magnitude) }
      return try positive(value)
    case "round": return try rounded(value, arguments)
    default: return nil
    }
  }

  private func wholeNumber(of value: Value, _ arguments: Arguments) throws -> Value {
    if case .undefined(let message) = value { throw Self.undefined(message) }
    let given = try arguments.values(of: "default", "base", by: "int")
    let usual = given[0] ?? .integer(0)
    let base = try wholeNumber(given[1], "int") ?? 10
    guard (2...36).contains(base) else {
      throw ZooError(.unsupported, "numbers to the base \(base)", advice: Self.advice)
    }
    if let number = value.wholeNumber { return .integer(number) }
    var number = value.anyNumber
    if case .text(let text) = value {
      if let whole = Self.wholeNumber(of: text, base: base) { return .integer(whole) }
      number = Self.number(of: text)
    }
    guard let number, !number.isNaN, number.isFinite || value.exactText == nil else { return usual }
    guard let whole = Int(exactly: number.rounded(.towardZero)) else {
      throw ZooError(.badData, "the number \(number) is larger than whole numbers are here", advice: Self.advice)
    }
    return .integer(whole)
  }

  /// As Python's `int` reads it: white space around it, underscores between digits.
  private static func wholeNumber(of text: String, base: Int) -> Int? {
    let scalars = text.unicodeScalars.drop(while: \.isPythonSpace)
    guard let last = scalars.lastIndex(where: { !$0.isPythonSpace }) else { return nil }
    var digits = Array(String(scalars[...last]).utf8)
    let sign = digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") ? [digits.removeFirst()] : []
    let prefixes: [Int: String] = [2: "0b", 8: "0o", 16: "0x"]
    if let prefix = prefixes[base], String(decoding: digits.prefix(2), as: UTF8.self).lowercased() == prefix {
      digits.removeFirst(2)
    }
    guard let plain = withoutUnderscores(digits), plain.first != UInt8(ascii: "+"), plain.first != UInt8(ascii: "-")
    else { return nil }
    return Int(String(decoding: sign + plain, as: UTF8.self), radix: base)
  }

  private static func withoutUnderscores(_ digits: [UInt8]) -> [UInt8]? {
    let mark = UInt8(ascii: "_")
    guard digits.first != mark, digits.last != mark, !digits.isEmpty,
      !zip(digits, digits.dropFirst()).contains(where: { $0 == mark && $1 == mark })
    else { return nil }
    return digits.filter { $0 != mark }
  }

  /// As Python's `float` reads it.
  private static func number(of text: String) -> Double? {
    let scalars = text.unicodeScalars.drop(while: \.isPythonSpace)
    guard let last = scalars.lastIndex(where: { !$0.isPythonSpace }),
      let plain = withoutUnderscores(Array(String(scalars[...last]).utf8))
    else { return nil }
    let number = String(decoding: plain, as: UTF8.self).lowercased()
    // Swift's reader takes hexadecimal numbers, too, and Python's does not.
    guard !number.contains("x"), !number.contains("(") else { return nil }
    return Double(number)
  }

  private func rounded(_ value: Value, _ arguments: Arguments) throws -> Value {
    let given = try arguments.values(of: "precision", "method", by: "round")
    let precision = try wholeNumber(given[0], "round") ?? 0
    let method = try given[1].map(plainText) ?? "common"
    guard ["common", "ceil", "floor"].contains(method) else {
      throw ZooError(.badData, "numbers are not rounded by the method \"\(method.prefix(50))\"", advice: Self.advice)
    }
    guard let number = value.anyNumber else {
      _ = try positive(value)
      return value
    }
    guard (-300...300).contains(precision) else { return value }
    if method == "common" {
      if let whole = value.wholeNumber, precision >= 0 { return .integer(whole) }
      let result = try Self.rounded(number, precision)
      if value.wholeNumber != nil, let whole = Int(exactly: result) { return .integer(whole) }
      return .number(result)
    }
    let scale = try real(ten: precision)
    let scaled = number * scale
    guard scaled.isFinite else {
      throw ZooError(.badData, "the number \(number) can't be rounded so", advice: Self.advice)
    }
    // Python rounds to a whole number, which has no sign where it is zero.
    return .number((scaled.rounded(method == "ceil" ? .up : .down) + 0) / scale)
  }

  private func real(ten exponent: Int) throws -> Double {
    let power = try arithmetic(exponent < 0 ? .number(10) : .integer(10), .power, .integer(min(exponent, 18)))
    return power.anyNumber ?? 1
  }

  // MARK: - Selections

  /// The elements' attributes of that name, a path or a number; the elements themselves without one.
  func values(
    _ attribute: Value?, of elements: [Value], usual: Value? = nil, lowercasing: Bool = false
  ) throws -> [Value] {
    func key(_ value: Value) throws -> Value {
      guard lowercasing, case .text(let text) = value else { return value }
      try meter.allocate(text.utf8.count)
      return .text(Self.cased(text, "lower"))
    }
    guard let attribute, !attribute.isNone else { return try elements.map(key) }
    return try elements.map { try key(try path(attribute, of: $0, usual: usual)) }
  }

  private func path(_ attribute: Value, of value: Value, usual: Value?) throws -> Value {
    guard case .text(let path) = attribute else { return try item(attribute, of: value) }
    var value = value
    for part in path.split(separator: ".", omittingEmptySubsequences: false) {
      try meter.spend(Meter.node)
      let isNumber = !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      value = try item(isNumber ? .integer(Int(part) ?? .max) : .text(String(part)), of: value)
      if value.isUndefined, let usual { value = usual }
    }
    return value
  }

  /// The elements that a test is true of, or false.
  private func selected(
    _ value: Value, _ arguments: Arguments, byAttribute: Bool, wanted: Bool
  ) throws -> Value {
    // Of nothing at all, even of None, nothing is chosen.
    guard isTrue(value) else { return try iterator([]) }
    var rest = arguments
    var attribute: Value?
    if byAttribute {
      guard !rest.positional.isEmpty else {
        throw ZooError(.badData, "selectattr needs an attribute's name", advice: Self.advice)
      }
      attribute = rest.positional.removeFirst()
    }
    let name = rest.positional.isEmpty ? nil : try plainText(of: rest.positional.removeFirst())
    let elements = try elements(of: value)
    let tested = try values(attribute, of: elements)
    var kept: [Value] = []
    for (element, value) in zip(elements, tested) {
      let isFulfilled = try name.map { try test(value, $0, rest) } ?? isTrue(value)
      if isFulfilled == wanted { kept.append(element) }
    }
    return try iterator(kept)
  }

  private func mapped(_ value: Value, _ arguments: Arguments) throws -> Value {
    guard isTrue(value) else { return try iterator([]) }
    var rest = arguments
    let elements = try elements(of: value)
    if rest.positional.isEmpty {
      let attribute = rest.named.first { $0.name == "attribute" }?.value
      let usual = rest.named.first { $0.name == "default" }?.value
      guard let attribute else {
        throw ZooError(.badData, "map needs a filter or an attribute", advice: Self.advice)
      }
      return try iterator(try values(attribute, of: elements, usual: usual))
    }
    let name = try plainText(of: rest.positional.removeFirst())
    return try iterator(try elements.map { try filtered($0, by: name, rest) })
  }

  // MARK: - Lists

  private func filteredList(_ value: Value, by name: String, _ arguments: Arguments) throws -> Value? {
    switch name {
    case "list":
      _ = try arguments.values(by: name)
      return try list(elements(of: value))
    case "first":
      return try elements(of: value).first ?? .undefined("No first item, sequence was empty.")
    case "last":
      if case .object = value { throw ZooError(.badData, "a generator has no last element", advice: Self.advice) }
      return try elements(of: value).last ?? .undefined("No last item, sequence was empty.")
    case "reverse":
      if case .text(let text) = value {
        try meter.allocate(text.utf8.count)
        return .text(String(scalars: text.unicodeScalars.reversed()))
      }
      return try iterator(elements(of: value).reversed())
    case "map": return try mapped(value, arguments)
    case "select", "reject":
      return try selected(value, arguments, byAttribute: false, wanted: name == "select")
    case "selectattr", "rejectattr":
      return try selected(value, arguments, byAttribute: true, wanted: name == "selectattr")
    case "items":
      if value.isUndefined { return try iterator([]) }
      guard case .dictionary(let table) = value else {
        throw ZooError(.badData, "a \(value.typeName) has no items", advice: Self.advice)
      }
      return try iterator(pairs(of: table))
    case "sort", "min", "max", "unique", "sum", "groupby", "dictsort":
      return try ordered(value, by: name, arguments)
    case "batch", "slice": return try parts(of: value, name, arguments)
    default: return nil
    }
  }

  private func ordered(_ value: Value, by name: String, _ arguments: Arguments) throws -> Value {
    switch name {
    case "sort":
      let given = try arguments.values(of: "reverse", "case_sensitive", "attribute", by: name)
      let elements = try elements(of: value)
      let keys = try sortKeys(elements, given[2], isCaseSensitive: given[1])
      return try list(try sorted(elements, by: keys, descending: given[0].map(isTrue) ?? false))
    case "dictsort":
      let given = try arguments.values(of: "case_sensitive", "by", "reverse", by: name)
      guard case .dictionary(let table) = value else {
        if case .undefined(let message) = value { throw Self.undefined(message) }
        throw ZooError(.badData, "a \(value.typeName) has no items", advice: Self.advice)
      }
      let place: Int
      switch try given[1].map(plainText) ?? "key" {
      case "key": place = 0
      case "value": place = 1
      default: throw ZooError(.badData, "dictsort sorts by key or by value", advice: Self.advice)
      }
      let pairs = try pairs(of: table)
      let keys = try sortKeys(pairs, .integer(place), isCaseSensitive: given[0])
      return try list(try sorted(pairs, by: keys, descending: given[2].map(isTrue) ?? false))
    case "min", "max":
      let given = try arguments.values(of: "case_sensitive", "attribute", by: name)
      let elements = try elements(of: value)
      let keys = try sortKeys(elements, given[1], isCaseSensitive: given[0])
      guard var best = elements.indices.first else { return .undefined("No aggregated item, sequence was empty.") }
      for place in elements.indices.dropFirst() {
        let isBetter = try name == "min" ? isLess(keys[place], keys[best]) : isLess(keys[best], keys[place])
        if isBetter { best = place }
      }
      return elements[best]
    case "unique": return try unique(value, arguments)
    case "groupby": return try grouped(value, arguments)
    default:
      let given = try arguments.values(of: "attribute", "start", by: name)
      let start = given[1] ?? .integer(0)
      if case .text = start { throw ZooError(.badData, "texts have no sum", advice: "join them") }
      return try values(given[0], of: elements(of: value)).reduce(start) { try arithmetic($0, .plus, $1) }
    }
  }

  /// What elements are sorted by. Several attributes have commas between them.
  private func sortKeys(_ elements: [Value], _ attribute: Value?, isCaseSensitive: Value?) throws -> [Value] {
    let lowercases = !(isCaseSensitive.map(isTrue) ?? false)
    guard case .text(let names)? = attribute, names.utf8.contains(UInt8(ascii: ",")) else {
      return try values(attribute, of: elements, lowercasing: lowercases)
    }
    let columns = try names.split(separator: ",", omittingEmptySubsequences: false).map {
      try values(.text(String($0)), of: elements, lowercasing: lowercases)
    }
    return try elements.indices.map { place in try list(columns.map { $0[place] }) }
  }

  private func sorted(_ elements: [Value], by keys: [Value], descending: Bool) throws -> [Value] {
    // Swift's sort keeps the order of equals, as Python's does.
    try elements.indices.sorted {
      try descending ? isLess(keys[$1], keys[$0]) : isLess(keys[$0], keys[$1])
    }.map { elements[$0] }
  }

  private func unique(_ value: Value, _ arguments: Arguments) throws -> Value {
    let given = try arguments.values(of: "case_sensitive", "attribute", by: "unique")
    let elements = try elements(of: value)
    let keys = try values(given[1], of: elements, lowercasing: !(given[0].map(isTrue) ?? false))
    var seen: Set<Key> = []
    var kept: [Value] = []
    for (element, key) in zip(elements, keys) where try seen.insert(Key(key)).inserted { kept.append(element) }
    return try iterator(kept)
  }

  private func grouped(_ value: Value, _ arguments: Arguments) throws -> Value {
    let given = try arguments.values(of: "attribute", "default", "case_sensitive", by: "groupby")
    let attribute = try required(given[0], "groupby")
    let elements = try elements(of: value)
    let lowercases = !(given[2].map(isTrue) ?? false)
    let keys = try values(attribute, of: elements, usual: given[1], lowercasing: lowercases)
    let originals = try values(attribute, of: elements, usual: given[1])
    let order = try sorted(elements.indices.map(Value.integer), by: keys, descending: false).compactMap(\.wholeNumber)
    var groups: [(key: Value, name: Value, members: [Value])] = []
    for place in order {
      if let last = groups.last, try isEqual(last.key, keys[place]) {
        groups[groups.count - 1].members.append(elements[place])
      } else {
        groups.append((keys[place], originals[place], [elements[place]]))
      }
    }
    return try list(try groups.map { .tuple(try items([$0.name, try list($0.members)])) })
  }

  /// `batch`: lists of so many elements; `slice`: so many lists.
  private func parts(of value: Value, _ name: String, _ arguments: Arguments) throws -> Value {
    let given = try arguments.values(of: name == "batch" ? "linecount" : "slices", "fill_with", by: name)
    guard let count = try wholeNumber(try required(given[0], name), name), count > 0 else {
      throw ZooError(.badData, "\(name) needs a number above 0", advice: Self.advice)
    }
    let elements = try elements(of: value)
    let fill = given[1].flatMap { $0.isNone ? nil : $0 }
    var lists: [Value] = []
    if name == "batch" {
      for start in stride(from: 0, to: elements.count, by: count) {
        var part = Array(elements[start..<min(start.addingReportingOverflow(count).partialValue, elements.count)])
        if let fill, part.count < count {
          try meter.allocate(count - part.count, times: Items.valueSize)
          part += repeatElement(fill, count: count - part.count)
        }
        lists.append(try list(part))
      }
    } else {
      try meter.allocate(count, times: Items.valueSize)
      let (each, longer) = elements.count.quotientAndRemainder(dividingBy: count)
      var place = 0
      for index in 0..<count {
        let end = place + each + (index < longer ? 1 : 0)
        lists.append(try list(Array(elements[place..<end]) + (index >= longer ? fill.map { [$0] } ?? [] : [])))
        place = end
      }
    }
    return try iterator(lists)
  }
}
