import ZooCore

/// `tojson` as `transformers` has it: Python's `json.dumps`, with all characters as they are.
struct JSONWriter {
  let renderer: Renderer
  /// What each level is indented by; `nil` for all on one line.
  let indent: String?
  let separators: (item: String, key: String)
  let escapesOthers: Bool
  let sortsKeys: Bool

  /// - Throws: `ZooError` (`badData`) for values that JSON does not have.
  func text(of value: Value) throws -> String {
    var text = ""
    try append(value, to: &text, level: 0)
    return text
  }

  private func append(_ value: Value, to text: inout String, level: Int) throws {
    let start = text.utf8.count
    switch value.plain {
    case .none: text += "null"
    case .bool(let flag): text += flag ? "true" : "false"
    case .integer(let number): text += String(number)
    case .number(let number): text += Self.text(of: number)
    case .text(let own): try appendQuoted(own, to: &text)
    case .list(let items), .tuple(let items):
      try append(items.values.count, "[", "]", to: &text, level) {
        try append(items.values[$0], to: &$1, level: level + 1)
      }
    case .dictionary(let table):
      let order = try sortsKeys ? sorted(table) : Array(table.keys.indices)
      try append(order.count, "{", "}", to: &text, level) { place, text in
        try appendKey(table.keys[order[place]], to: &text)
        text += separators.key
        try append(table.values[order[place]], to: &text, level: level + 1)
      }
    default: throw ZooError(.badData, "a \(value.typeName) can't be written as JSON", advice: Renderer.advice)
    }
    try renderer.meter.allocate(text.utf8.count - start)
    try renderer.meter.spend(Meter.node)
  }

  private func append(
    _ count: Int, _ begin: String, _ end: String, to text: inout String, _ level: Int,
    _ element: (Int, inout String) throws -> Void
  ) throws {
    text += begin
    guard count > 0 else {
      text += end
      return
    }
    func breakLine(_ level: Int) throws {
      guard let indent else { return }
      try renderer.meter.allocate(indent.utf8.count, times: level)
      text += "\n" + String(repeating: indent, count: level)
    }
    for place in 0..<count {
      if place > 0 { text += separators.item }
      try breakLine(level + 1)
      try element(place, &text)
    }
    try breakLine(level)
    text += end
  }

  private func sorted(_ table: Table) throws -> [Int] {
    try table.keys.indices.sorted { try renderer.isLess(table.keys[$0], table.keys[$1]) }
  }

  private func appendKey(_ key: Value, to text: inout String) throws {
    switch key {
    case .text(let own): try appendQuoted(own, to: &text)
    case .none: text += "\"null\""
    case .bool(let flag): text += flag ? "\"true\"" : "\"false\""
    case .integer(let number): text += "\"\(number)\""
    case .number(let number): text += "\"\(Self.text(of: number))\""
    default: throw ZooError(.badData, "a \(key.typeName) can't be a name in JSON", advice: Renderer.advice)
    }
  }

  private static func text(of number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
    return Renderer.plainText(of: number)
  }

  private func appendQuoted(_ own: String, to text: inout String) throws {
    try renderer.meter.spend(own.utf8.count)
    var view = String.UnicodeScalarView()
    for scalar in own.unicodeScalars {
      switch scalar {
      case "\"": view.append(contentsOf: "\\\"".unicodeScalars)
      case "\\": view.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": view.append(contentsOf: "\\n".unicodeScalars)
      case "\r": view.append(contentsOf: "\\r".unicodeScalars)
      case "\t": view.append(contentsOf: "\\t".unicodeScalars)
      case "\u{8}": view.append(contentsOf: "\\b".unicodeScalars)
      case "\u{C}": view.append(contentsOf: "\\f".unicodeScalars)
      case "\0"..<" ": view.append(contentsOf: Self.escape(UInt16(scalar.value)).unicodeScalars)
      default:
        if escapesOthers, !(" "..."~").contains(scalar) {
          for unit in UTF16.encode(scalar)! { view.append(contentsOf: Self.escape(unit).unicodeScalars) }
        } else {
          view.append(scalar)
        }
      }
    }
    text += "\"" + String(view) + "\""
  }

  private static func escape(_ unit: UInt16) -> String { "\\u" + String(unit, radix: 16).padded(to: 4) }
}

extension Renderer {
  func json(_ value: Value, _ arguments: Arguments) throws -> Value {
    let given = try arguments.values(of: "ensure_ascii", "indent", "separators", "sort_keys", by: "tojson")
    var indent: String?
    switch given[1] {
    case nil, .some(.none): break
    case .some(.text(let text)): indent = text
    case .some(let value):
      guard let width = value.wholeNumber else {
        throw ZooError(.badData, "tojson's indent is no number", advice: Self.advice)
      }
      try meter.allocate(max(0, width))
      indent = String(repeating: " ", count: max(0, width))
    }
    var separators = (item: indent == nil ? ", " : ",", key: ": ")
    if let pair = given[2], !pair.isNone {
      let texts = try elements(of: pair).compactMap(\.exactText)
      guard texts.count == 2 else {
        throw ZooError(.badData, "tojson's separators are no two texts", advice: Self.advice)
      }
      try meter.spend(texts[0].utf8.count + texts[1].utf8.count)
      separators = (texts[0], texts[1])
    }
    let writer = JSONWriter(
      renderer: self, indent: indent, separators: separators, escapesOthers: given[0].map(isTrue) ?? false,
      sortsKeys: given[3].map(isTrue) ?? false)
    return .text(try writer.text(of: value))
  }
}
