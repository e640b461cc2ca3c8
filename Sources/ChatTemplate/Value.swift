import ZooCore

/// A value of the template language: Python's types as Jinja shows them. None of them changes but objects.
enum Value: Sendable {
  /// What is not there; the text says what it is that is missing.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  /// A text that `safe` or `escape` made: what is added to it is escaped as HTML wants it, as Jinja has it.
  case markup(String)
  case list(Items)
  case tuple(Items)
  case dictionary(Table)
  case view(Items, ViewKind)
  /// What has an identity; the number is the place among the renderer's objects, so that none can hold itself in memory.
  case object(Int)
  case function(Function)
  indirect case method(Value, String)

  static func undefined(variable name: String) -> Value { .undefined("'\(name)' is undefined") }

  /// What kind of view a list of values is.
  enum ViewKind: Sendable, Hashable {
    case keys, values, items
    /// What `range` made, with its arguments as Python prints them.
    case range(String)
  }

  /// A function that is there without being defined.
  enum Function: String, Sendable, CaseIterable {
    case range, dict, namespace, raiseException = "raise_exception", strftimeNow = "strftime_now"
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  var isNone: Bool { if case .none = self { true } else { false } }

  /// The text of a text.
  var exactText: String? {
    switch self {
    case .text(let text), .markup(let text): text
    default: nil
    }
  }

  /// The value without its being markup, for what treats that as any text.
  var plain: Value { if case .markup(let text) = self { .text(text) } else { self } }

  /// The number of an integer or a truth value, which Python counts among integers.
  var wholeNumber: Int? {
    switch self {
    case .bool(let flag): flag ? 1 : 0
    case .integer(let number): number
    default: nil
    }
  }

  /// The number of anything that Python calculates with.
  var anyNumber: Double? {
    if case .number(let number) = self { return number }
    return wholeNumber.map(Double.init)
  }

  /// How deep values lie in it.
  var depth: Int {
    switch self {
    case .list(let items), .tuple(let items), .view(let items, _): items.depth
    case .dictionary(let table): table.depth
    case .method(let receiver, _): receiver.depth + 1
    default: 0
    }
  }

  /// The name of its type, as Python's errors have it.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .integer: "int"
    case .number: "float"
    case .text, .markup: "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .view(_, .keys): "dict_keys"
    case .view(_, .values): "dict_values"
    case .view(_, .items): "dict_items"
    case .view(_, .range): "range"
    case .object: "object"
    case .function: "function"
    case .method: "method"
    }
  }
}

/// The values of a list, a tuple or a view.
struct Items: Sendable {
  /// Values in values: to print, to compare and to free them takes stack.
  static let greatestDepth = 150
  /// What a value takes in memory.
  static let valueSize = 48

  let values: [Value]
  let depth: Int

  /// - Throws: `ZooError` (`badData`) for values too deep in one another, and where the meter has no memory left.
  init(_ values: [Value], _ meter: Meter) throws {
    try meter.allocate(values.count + 1, times: Self.valueSize)
    self.values = values
    depth = try Self.checked(depth: values.reduce(0) { max($0, $1.depth) } + 1)
  }

  static func checked(depth: Int) throws -> Int {
    guard depth <= greatestDepth else {
      throw ZooError(.badData, "more than \(greatestDepth) values lie in one another", advice: Meter.advice)
    }
    return depth
  }
}

/// A dictionary, which keeps the order in which its keys came.
struct Table: Sendable {
  private(set) var keys: [Value] = []
  private(set) var values: [Value] = []
  private(set) var depth = 1
  private var places: [Key: Int] = [:]

  init() {}

  var count: Int { keys.count }

  /// - Throws: `ZooError` (`badData`) for keys that are lists or dictionaries, for values too deep in one another, and
  ///   where the meter has no memory left.
  mutating func set(_ key: Value, _ value: Value, _ meter: Meter) throws {
    try set(Key(key), as: key, value, meter)
  }

  mutating func set(_ name: String, _ value: Value, _ meter: Meter) throws {
    try set(.text(ExactText(name)), as: .text(name), value, meter)
  }

  private mutating func set(_ key: Key, as original: Value, _ value: Value, _ meter: Meter) throws {
    depth = max(depth, try Items.checked(depth: max(value.depth, original.depth) + 1))
    if let place = places[key] {
      values[place] = value
      return
    }
    try meter.allocate(4 * Items.valueSize)
    places[key] = keys.count
    keys.append(original)
    values.append(value)
  }

  subscript(name: String) -> Value? { places[.text(ExactText(name))].map { values[$0] } }

  subscript(key: Key) -> Value? { places[key].map { values[$0] } }
}

/// What a dictionary finds its values by: equal for what Python holds for equal.
enum Key: Hashable, Sendable {
  case undefined
  case none
  case integer(Int)
  case number(Double)
  case text(ExactText)
  case tuple([Key])
  case object(Int)

  /// - Throws: `ZooError` (`badData`) for what has no hash in Python.
  init(_ value: Value) throws {
    switch value {
    case .undefined: self = .undefined
    case .none: self = .none
    case .bool(let flag): self = .integer(flag ? 1 : 0)
    case .integer(let number): self = .integer(number)
    case .number(let number): self = Int(exactly: number).map(Key.integer) ?? .number(number)
    case .text(let text), .markup(let text): self = .text(ExactText(text))
    case .tuple(let items): self = .tuple(try items.values.map(Key.init))
    case .object(let place): self = .object(place)
    default: throw ZooError(.badData, "a \(value.typeName) can't be the key of a dictionary")
    }
  }
}
