import ZooCore

/// Values as Python's `str` and `repr` write them.
extension Renderer {
  func plainText(of value: Value) throws -> String {
    if let text = value.exactText { return text }
    var text = ""
    try append(value, to: &text, quoting: false)
    return text
  }

  private func append(_ value: Value, to text: inout String, quoting: Bool) throws {
    try meter.spend(Meter.node)
    let start = text.utf8.count
    switch value {
    case .undefined: if quoting { text += "Undefined" }
    case .none: text += "None"
    case .bool(let flag): text += flag ? "True" : "False"
    case .integer(let number): text += String(number)
    case .number(let number): text += Self.plainText(of: number)
    case .text(let own): if quoting { try appendQuoted(own, to: &text) } else { text += own }
    case .markup(let own):
      text += "Markup("
      try appendQuoted(own, to: &text)
      text += ")"
    case .list(let items): try append(items, to: &text, "[", "]")
    case .tuple(let items): try append(items, to: &text, "(", items.values.count == 1 ? ",)" : ")")
    case .dictionary(let table): try append(table, to: &text)
    case .view(let items, .keys): try append(items, to: &text, "dict_keys([", "])")
    case .view(let items, .values): try append(items, to: &text, "dict_values([", "])")
    case .view(let items, .items): try append(items, to: &text, "dict_items([", "])")
    case .view(_, .range(let own)): text += own
    case .object(let place): try append(object: place, to: &text)
    case .function(let function): text += "<function \(function.rawValue)>"
    case .method(_, let name): text += "<method \(name)>"
    }
    try meter.allocate(text.utf8.count - start)
  }

  private func append(_ items: Items, to text: inout String, _ begin: String, _ end: String) throws {
    text += begin
    for (index, item) in items.values.enumerated() {
      if index > 0 { text += ", " }
      try append(item, to: &text, quoting: true)
    }
    text += end
  }

  private func append(_ table: Table, to text: inout String) throws {
    text += "{"
    for (index, (key, value)) in zip(table.keys, table.values).enumerated() {
      if index > 0 { text += ", " }
      try append(key, to: &text, quoting: true)
      text += ": "
      try append(value, to: &text, quoting: true)
    }
    text += "}"
  }

  private func append(object place: Int, to text: inout String) throws {
    switch objects[place] {
    case .namespace(let table):
      // It may hold itself.
      text += "<Namespace "
      try meter.nested { try append(table, to: &text) }
      text += ">"
    case .loop(let state): text += "<LoopContext \(state.index + 1)/\(state.count)>"
    case .macro(let macro, _): text += "<Macro '\(macro.name)'>"
    case .iterator: text += "<generator>"
    }
  }

  /// As `repr` writes a text.
  func appendQuoted(_ own: String, to text: inout String) throws {
    try meter.spend(own.utf8.count)
    let quote: Unicode.Scalar =
      own.utf8.contains(UInt8(ascii: "'")) && !own.utf8.contains(UInt8(ascii: "\"")) ? "\"" : "'"
    var view = String.UnicodeScalarView()
    view.append(quote)
    for scalar in own.unicodeScalars {
      switch scalar {
      case "\n": view.append(contentsOf: "\\n".unicodeScalars)
      case "\r": view.append(contentsOf: "\\r".unicodeScalars)
      case "\t": view.append(contentsOf: "\\t".unicodeScalars)
      case "\\", quote:
        view.append("\\")
        view.append(scalar)
      default:
        if scalar.isPythonPrintable {
          view.append(scalar)
        } else {
          let (mark, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
          view.append(contentsOf: "\\\(mark)\(String(scalar.value, radix: 16).padded(to: width))".unicodeScalars)
        }
      }
    }
    view.append(quote)
    text += String(view)
  }

  /// The shortest digits that give the number again, laid out as Python does.
  static func plainText(of number: Double) -> String {
    if number.isNaN { return "nan" }
    if number.isInfinite { return number < 0 ? "-inf" : "inf" }
    let sign = number.sign == .minus ? "-" : ""
    if number == 0 { return sign + "0.0" }
    let parts = "\(number.magnitude)".split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    let all = (mantissa[0] + fraction).drop { $0 == "0" }
    // The number is 0.digits times ten to the exponent.
    let leading = (mantissa[0] + fraction).count - all.count
    let exponent = mantissa[0].count - leading + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    var digits = String(all)
    while digits.last == "0" { digits.removeLast() }
    if (-3...16).contains(exponent) {
      if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + digits }
      if digits.count <= exponent {
        return sign + digits + String(repeating: "0", count: exponent - digits.count) + ".0"
      }
      return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
    }
    let power = String((exponent - 1).magnitude).padded(to: 2)
    let rest = digits.count > 1 ? "." + digits.dropFirst() : ""
    return sign + digits.prefix(1) + rest + "e" + (exponent < 1 ? "-" : "+") + power
  }
}

extension String {
  /// With zeros before it.
  func padded(to count: Int) -> String {
    String(repeating: "0", count: max(0, count - utf8.count)) + self
  }
}
