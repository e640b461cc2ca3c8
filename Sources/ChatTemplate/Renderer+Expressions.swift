import ZooCore

/// The arguments of a call, as values.
struct Arguments {
  var positional: [Value] = []
  var named: [(name: String, value: Value)] = []

  /// The values of these parameters, in their order.
  ///
  /// - Throws: `ZooError` (`badData`) for arguments that there are no parameters for.
  func values(of parameters: String..., by what: String) throws -> [Value?] {
    guard positional.count <= parameters.count else {
      throw ZooError(
        .badData, "\(what) takes not more than \(parameters.count) arguments, and gets \(positional.count)",
        advice: Renderer.advice)
    }
    // What a function gets is a text to it, markup or not.
    var values: [Value?] = positional.map(\.plain) + Array(repeating: nil, count: parameters.count - positional.count)
    for item in named {
      guard let place = parameters.firstIndex(of: item.name), place >= positional.count else {
        throw ZooError(.badData, "\(what) takes no argument \"\(item.name)\"", advice: Renderer.advice)
      }
      values[place] = item.value.plain
    }
    return values
  }
}

extension Renderer {
  func value(of expression: Expression, _ scope: Scope) throws -> Value {
    try meter.nested { try evaluate(expression, scope) }
  }

  private func evaluate(_ expression: Expression, _ scope: Scope) throws -> Value {
    switch expression {
    case .constant(let value): return value
    case .name(let name): return scope.value(of: ExactText(name)) ?? .undefined(variable: name)
    case .list(let items): return .list(try self.items(try items.map { try value(of: $0, scope) }))
    case .tuple(let items): return .tuple(try self.items(try items.map { try value(of: $0, scope) }))
    case .dictionary(let members):
      var table = Table()
      for member in members {
        let key = try value(of: member.key, scope)
        try table.set(key, try value(of: member.value, scope), meter)
      }
      return .dictionary(table)
    case .arithmetic(let first, let rest):
      var result = try value(of: first, scope)
      for item in rest { result = try arithmetic(result, item.sign, try value(of: item.operand, scope)) }
      return result
    case .concatenation(let items): return try concatenated(items, scope)
    case .comparison(let first, let rest): return .bool(try isOrdered(first, rest, scope))
    case .all(let items): return try firstValue(of: items, scope) { !isTrue($0) }
    case .any(let items): return try firstValue(of: items, scope) { isTrue($0) }
    case .not(let operand): return .bool(!isTrue(try value(of: operand, scope)))
    case .negative(let operand): return try negative(try value(of: operand, scope))
    case .positive(let operand): return try positive(try value(of: operand, scope))
    case .conditional(let first, let test, let otherwise):
      if isTrue(try value(of: test, scope)) { return try value(of: first, scope) }
      return try otherwise.map { try value(of: $0, scope) }
        ?? .undefined("an \"if\" without \"else\" was not fulfilled")
    case .access(let base, let accesses):
      return try accessed(try value(of: base, scope), accesses, nil, scope)
    }
  }

  /// The first value that decides, or the last one: Python's `and` and `or`.
  private func firstValue(of items: [Expression], _ scope: Scope, where decides: (Value) -> Bool) throws -> Value {
    var result = Value.none
    for item in items {
      result = try value(of: item, scope)
      if decides(result) { break }
    }
    return result
  }

  private func concatenated(_ items: [Expression], _ scope: Scope) throws -> Value {
    var result = ""
    for item in items {
      let part = try plainText(of: try value(of: item, scope))
      try meter.allocate(part.utf8.count)
      result += part
    }
    return .text(result)
  }

  private func isOrdered(
    _ first: Expression, _ rest: [(sign: ComparisonSign, operand: Expression)], _ scope: Scope
  ) throws -> Bool {
    var left = try value(of: first, scope)
    for item in rest {
      let right = try value(of: item.operand, scope)
      guard try isFulfilled(left, item.sign, right) else { return false }
      left = right
    }
    return true
  }

  // MARK: - Accesses

  /// What a call block writes: the call gets the block as `caller`.
  func value(of call: Expression, calledBy caller: Macro, _ scope: Scope) throws -> Value {
    guard case .access(let base, let accesses) = call else { return .none }
    let block = try object(.macro(caller, scope))
    return try accessed(try value(of: base, scope), accesses, block, scope)
  }

  /// - Parameter caller: What the last of them, a call, gets as `caller`.
  func accessed(_ base: Value, _ accesses: [Access], _ caller: Value?, _ scope: Scope) throws -> Value {
    var value = base
    for (index, access) in accesses.enumerated() {
      try meter.spend(Meter.node)
      switch access {
      case .attribute(let name): value = try attribute(name, of: value)
      case .item(let place): value = try item(try self.value(of: place, scope), of: value)
      case .slice(let start, let stop, let step):
        let bounds = try [start, stop, step].map { try $0.map { try self.value(of: $0, scope) } }
        value = try slice(value, bounds[0], bounds[1], bounds[2])
      case .call(let list):
        var arguments = try self.arguments(list, scope)
        if let caller, index == accesses.count - 1 { arguments.named.append(("caller", caller)) }
        value = try meter.nested { try call(value, arguments) }
      case .filter(let name, let list):
        let arguments = try self.arguments(list, scope)
        value = try meter.nested { try filtered(value, by: name, arguments) }
      case .test(let name, let list, let isNegated):
        let arguments = try self.arguments(list, scope)
        value = .bool(try meter.nested { try test(value, name, arguments) } != isNegated)
      }
    }
    return value
  }

  private func arguments(_ list: ArgumentList, _ scope: Scope) throws -> Arguments {
    var arguments = Arguments()
    arguments.positional = try list.positional.map { try value(of: $0, scope) }
    if let unpacked = list.unpacked { arguments.positional += try elements(of: try value(of: unpacked, scope)) }
    arguments.named = try list.named.map { ($0.name, try value(of: $0.value, scope)) }
    if let unpacked = list.unpackedNamed {
      guard case .dictionary(let table) = try value(of: unpacked, scope) else {
        throw ZooError(.badData, "what is behind ** is no dictionary", advice: Self.advice)
      }
      for (key, value) in zip(table.keys, table.values) {
        guard case .text(let name) = key else {
          throw ZooError(.badData, "an argument's name is no text", advice: Self.advice)
        }
        arguments.named.append((name, value))
      }
    }
    try meter.spend(arguments.positional.count + arguments.named.count)
    return arguments
  }

  /// `value.name`: what Python knows it to have, or else the element of that name.
  func attribute(_ name: String, of value: Value) throws -> Value {
    if case .undefined(let message) = value { throw Self.undefined(message) }
    if let found = try knownAttribute(name, of: value) { return found }
    if case .dictionary(let table) = value, let found = table[name] { return found }
    return Self.missing(name, in: value)
  }

  /// `value[place]`.
  func item(_ place: Value, of value: Value) throws -> Value {
    switch value.plain {
    case .undefined(let message): throw Self.undefined(message)
    case .dictionary(let table):
      if let key = try? Key(place), let found = table[key] { return found }
    case .list(let items), .tuple(let items), .view(let items, .range):
      if let index = place.wholeNumber {
        let index = index < 0 ? index + items.values.count : index
        if items.values.indices.contains(index) { return items.values[index] }
      }
    case .text(let text):
      if let index = place.wholeNumber, let scalar = try scalar(index, of: text) {
        if case .markup = value { return .markup(scalar) }
        return .text(scalar)
      }
    default: break
    }
    guard let name = place.exactText else { return Self.missing(try shortText(of: place), in: value) }
    return try knownAttribute(name, of: value) ?? Self.missing(name, in: value)
  }

  private func scalar(_ index: Int, of text: String) throws -> String? {
    let scalars = text.unicodeScalars
    // From the end without counting all.
    if index < 0 {
      guard index >= -text.utf8.count else { return nil }
      try meter.spend(-index)
      var place = scalars.endIndex
      for _ in 0..<(-index) {
        guard place > scalars.startIndex else { return nil }
        place = scalars.index(before: place)
      }
      return String(Character(scalars[place]))
    }
    guard index < text.utf8.count else { return nil }
    try meter.spend(index)
    let place = scalars.index(scalars.startIndex, offsetBy: index, limitedBy: scalars.endIndex) ?? scalars.endIndex
    return place < scalars.endIndex ? String(Character(scalars[place])) : nil
  }

  private func slice(_ value: Value, _ start: Value?, _ stop: Value?, _ step: Value?) throws -> Value {
    if case .undefined(let message) = value { throw Self.undefined(message) }
    func bound(_ value: Value?) -> (isValid: Bool, number: Int?) {
      guard let value, !value.isNone else { return (true, nil) }
      return (value.wholeNumber != nil, value.wholeNumber)
    }
    let bounds = [start, stop, step].map(bound)
    guard bounds.allSatisfy(\.isValid) else { return Self.missing("slice", in: value) }
    func places(_ count: Int) throws -> [Int] {
      try Self.places(count, bounds[0].number, bounds[1].number, bounds[2].number ?? 1)
    }
    switch value.plain {
    case .list(let items): return .list(try self.items(places(items.values.count).map { items.values[$0] }))
    case .tuple(let items): return .tuple(try self.items(places(items.values.count).map { items.values[$0] }))
    case .view(let items, .range):
      return .view(try self.items(places(items.values.count).map { items.values[$0] }), .range("range(...)"))
    case .text(let text):
      try meter.allocate(text.utf8.count)
      let scalars = Array(text.unicodeScalars)
      return .text(String(scalars: try places(scalars.count).map { scalars[$0] }))
    default: return Self.missing("slice", in: value)
    }
  }

  /// The indices that Python's `start:stop:step` takes of so many elements.
  private static func places(_ count: Int, _ start: Int?, _ stop: Int?, _ step: Int) throws -> [Int] {
    guard step != 0 else { throw ZooError(.badData, "the step of a slice is 0", advice: advice) }
    // An element before the first is where a slice ends that goes backwards.
    let (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1)
    func clamped(_ bound: Int) -> Int {
      let place = bound < 0 ? bound.addingReportingOverflow(count).partialValue : bound
      return min(max(place, lowest), highest)
    }
    let begin = start.map(clamped) ?? (step > 0 ? lowest : highest)
    let end = stop.map(clamped) ?? (step > 0 ? highest : lowest)
    return Array(stride(from: begin, to: end, by: max(min(step, count + 1), -count - 1)))
  }

  /// The error of using what is not there.
  static func undefined(_ message: String) -> ZooError { ZooError(.badData, message, advice: advice) }

  static func missing(_ name: String, in value: Value) -> Value {
    .undefined("'\(value.typeName) object' has no attribute '\(name.prefix(200))'")
  }

  private func shortText(of value: Value) throws -> String { String(try plainText(of: value).prefix(200)) }

  // MARK: - Elements

  /// What a loop goes through.
  func elements(of value: Value) throws -> [Value] {
    let values: [Value]
    switch value.plain {
    case .undefined: values = []
    case .list(let items), .tuple(let items), .view(let items, _): values = items.values
    case .dictionary(let table): values = table.keys
    case .text(let text):
      try meter.allocate(text.utf8.count, times: Items.valueSize)
      values = text.unicodeScalars.map { .text(String(Character($0))) }
    case .object(let place):
      guard case .iterator(let rest) = objects[place] else {
        throw ZooError(.badData, "an object can't be gone through", advice: Self.advice)
      }
      objects[place] = .iterator([])
      values = rest
    default: throw ZooError(.badData, "a \(value.typeName) can't be gone through", advice: Self.advice)
    }
    try meter.spend(values.count)
    return values
  }

  /// Whether there are several elements to go through.
  func isIterable(_ value: Value) -> Bool {
    switch value {
    case .undefined, .list, .tuple, .view, .dictionary, .text, .markup: return true
    case .object(let place):
      switch objects[place] {
      case .iterator, .loop: return true
      default: return false
      }
    default: return false
    }
  }

  /// Python's `len`.
  func count(of value: Value) throws -> Int {
    switch value.plain {
    case .undefined: return 0
    case .list(let items), .tuple(let items), .view(let items, _): return items.values.count
    case .dictionary(let table): return table.count
    case .text(let text):
      try meter.spend(text.utf8.count)
      return text.unicodeScalars.count
    case .object(let place):
      if case .loop(let state) = objects[place] { return state.count }
    default: break
    }
    throw ZooError(.badData, "a \(value.typeName) has no length", advice: Self.advice)
  }

  /// What counts as true.
  func isTrue(_ value: Value) -> Bool {
    switch value {
    case .undefined, .none: false
    case .bool(let flag): flag
    case .integer(let number): number != 0
    case .number(let number): number != 0
    case .text(let text), .markup(let text): !text.isEmpty
    case .list(let items), .tuple(let items), .view(let items, _): !items.values.isEmpty
    case .dictionary(let table): table.count > 0
    case .object, .function, .method: true
    }
  }
}
