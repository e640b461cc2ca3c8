import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Attributes that values have in Python, and calls.
extension Renderer {
  private static let listMethods: Set<String> = ["count", "index", "copy"]
  private static let dictionaryMethods: Set<String> = ["get", "items", "keys", "values", "copy"]
  /// What would change a value, and is kept from templates.
  private static let forbidden: Set<String> = [
    "append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault", "sort", "update",
  ]

  /// The attribute that Python knows a value to have.
  func knownAttribute(_ name: String, of value: Value) throws -> Value? {
    func method(in names: Set<String>) -> Value? { names.contains(name) ? .method(value, name) : nil }
    switch value {
    case .text, .markup: return method(in: Self.textMethods)
    case .list:
      if Self.forbidden.contains(name), !["popitem", "setdefault", "update"].contains(name) {
        return .undefined("a list's \(name) is not allowed")
      }
      return method(in: Self.listMethods)
    case .tuple: return method(in: ["count", "index"])
    case .dictionary:
      if ["clear", "pop", "popitem", "setdefault", "update"].contains(name) {
        return .undefined("a dictionary's \(name) is not allowed")
      }
      return method(in: Self.dictionaryMethods)
    case .object(let place):
      switch objects[place] {
      case .namespace(let table): return table[name]
      case .loop(let state):
        return state.attribute(name) ?? method(in: ["cycle", "changed"])
      case .macro(let macro, _): return name == "name" ? .text(macro.name) : nil
      case .iterator: return nil
      }
    default: return nil
    }
  }

  func call(_ value: Value, _ arguments: Arguments) throws -> Value {
    switch value {
    case .undefined(let message): throw Self.undefined(message)
    case .function(let function): return try call(function, arguments)
    case .method(let receiver, let name): return try call(name, of: receiver, arguments)
    case .object(let place):
      if case .macro(let macro, let scope) = objects[place] { return try call(macro, scope, arguments) }
      fallthrough
    default: throw ZooError(.badData, "a \(value.typeName) is called, and is no function", advice: Self.advice)
    }
  }

  private func call(_ name: String, of receiver: Value, _ arguments: Arguments) throws -> Value {
    switch receiver {
    case .text(let text): return try call(textMethod: name, of: text, arguments)
    case .markup(let text):
      let result = try call(textMethod: name, of: text, arguments)
      func markup(_ value: Value) -> Value { value.exactText.map(Value.markup) ?? value }
      switch result {
      case .list(let items): return .list(try self.items(items.values.map(markup)))
      case .tuple(let items): return .tuple(try self.items(items.values.map(markup)))
      default: return markup(result)
      }
    case .list(let items), .tuple(let items):
      if name == "copy" { return receiver }
      let given = try arguments.values(of: "value", by: name)
      guard let wanted = given[0] else { throw ZooError(.badData, "\(name) needs a value", advice: Self.advice) }
      if name == "count" { return .integer(try items.values.filter { try isEqual($0, wanted) }.count) }
      guard let place = try items.values.firstIndex(where: { try isEqual($0, wanted) }) else {
        throw ZooError(.badData, "a list does not have the value that its place is asked for", advice: Self.advice)
      }
      return .integer(place)
    case .dictionary(let table): return try call(name, of: table, arguments)
    case .object(let place): return try call(name, ofLoop: place, arguments)
    default: throw ZooError(.defect, "the method \(name) has no value")
    }
  }

  private func call(_ name: String, of table: Table, _ arguments: Arguments) throws -> Value {
    switch name {
    case "get":
      let given = try arguments.values(of: "key", "default", by: "get")
      guard let key = given[0] else { throw ZooError(.badData, "get needs a key", advice: Self.advice) }
      return table[try Key(key)] ?? given[1] ?? .none
    case "keys": return .view(try items(table.keys), .keys)
    case "values": return .view(try items(table.values), .values)
    case "items": return .view(try items(try pairs(of: table)), .items)
    default: return .dictionary(table)
    }
  }

  func pairs(of table: Table) throws -> [Value] {
    try zip(table.keys, table.values).map { .tuple(try items([$0, $1])) }
  }

  private func call(_ name: String, ofLoop place: Int, _ arguments: Arguments) throws -> Value {
    guard case .loop(var state) = objects[place] else { return .none }
    let values = arguments.positional
    guard name == "changed" else {
      guard !values.isEmpty else { throw ZooError(.badData, "cycle needs values", advice: Self.advice) }
      return values[state.index % values.count]
    }
    let previous = state.last
    state.last = values
    objects[place] = .loop(state)
    guard let previous, previous.count == values.count else { return .bool(true) }
    for (one, other) in zip(previous, values) where try !isEqual(one, other) { return .bool(true) }
    return .bool(false)
  }

  // MARK: - Functions

  private func call(_ function: Value.Function, _ arguments: Arguments) throws -> Value {
    switch function {
    case .range: return try range(arguments)
    case .dict: return .dictionary(try table(arguments))
    case .namespace:
      let table = try table(arguments)
      for case .text(let name) in table.keys { try Self.checkAttribute(name) }
      return try object(.namespace(table))
    case .raiseException:
      let message = try arguments.values(of: "message", by: "raise_exception")[0].map(plainText)
      throw ZooError(
        .badInput, "the model's chat template refuses the messages: \(message ?? "")",
        advice: "send messages in the order and with the roles that the model was trained on")
    case .strftimeNow:
      let format = try arguments.values(of: "format", by: "strftime_now")[0]
      guard case .text(let format)? = format else {
        throw ZooError(.badData, "strftime_now needs a text", advice: Self.advice)
      }
      return try text(try Self.date(time, format))
    }
  }

  private func table(_ arguments: Arguments) throws -> Table {
    guard arguments.positional.count < 2 else {
      throw ZooError(.badData, "a dictionary is made of one other at most", advice: Self.advice)
    }
    var table = Table()
    if case .dictionary(let other)? = arguments.positional.first {
      for (key, value) in zip(other.keys, other.values) { try table.set(key, value, meter) }
    } else if let pairs = arguments.positional.first {
      for pair in try elements(of: pairs) {
        let values = try elements(of: pair)
        guard values.count == 2 else {
          throw ZooError(.badData, "a dictionary is made of pairs, and one is none", advice: Self.advice)
        }
        try table.set(values[0], values[1], meter)
      }
    }
    for item in arguments.named { try table.set(item.name, item.value, meter) }
    return table
  }

  /// As many as Jinja's sandbox allows.
  private static let longestRange = 100_000

  private func range(_ arguments: Arguments) throws -> Value {
    for case .undefined(let message) in arguments.positional { throw Self.undefined(message) }
    let bounds = arguments.positional.compactMap(\.wholeNumber)
    guard arguments.named.isEmpty, bounds.count == arguments.positional.count, (1...3).contains(bounds.count) else {
      throw ZooError(.badData, "range needs one to three whole numbers", advice: Self.advice)
    }
    let (start, stop) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
    let step = bounds.count == 3 ? bounds[2] : 1
    guard step != 0 else { throw ZooError(.badData, "the step of a range is 0", advice: Self.advice) }
    var numbers: [Value] = []
    for number in stride(from: start, to: stop, by: step) {
      guard numbers.count < Self.longestRange else {
        throw ZooError(.badData, "a range has more than \(Self.longestRange) numbers", advice: Meter.advice)
      }
      try meter.spend(1)
      numbers.append(.integer(number))
    }
    let text = "range(\(start), \(stop)\(bounds.count == 3 && step != 1 ? ", \(step)" : ""))"
    return .view(try items(numbers), .range(text))
  }

  /// The local date and time, as `strftime` writes it.
  private static func date(_ time: Int, _ format: String) throws -> String {
    guard !format.isEmpty else { return "" }
    guard format.utf8.count <= 256, !format.utf8.contains(0) else {
      throw ZooError(.badData, "the format of a date is no such", advice: advice)
    }
    var seconds = time_t(time)
    var parts = tm()
    localtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 4096)
    let count = strftime(&text, text.count, format, &parts)
    return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
