import ZooCore

/// Renders the statements of one template, once.
final class Renderer {
  /// What has an identity.
  enum Object {
    /// Its attributes.
    case namespace(Table)
    case loop(LoopState)
    case macro(Macro, Scope)
    /// What a generator has not yet given; it can be gone through once.
    case iterator([Value])
  }

  /// The variables of a body, and those around it.
  final class Scope {
    let parent: Scope?
    private var variables: [ExactText: Value] = [:]

    init(in parent: Scope?) { self.parent = parent }

    func value(of name: ExactText) -> Value? {
      var scope: Scope? = self
      while let some = scope {
        if let value = some.variables[name] { return value }
        scope = some.parent
      }
      return nil
    }

    func set(_ name: String, _ value: Value) { variables[ExactText(name)] = value }
  }

  /// How a body was left.
  enum Flow { case through, breaking, continuing }

  let meter: Meter
  /// Seconds since 1970, for `strftime_now`.
  let time: Int
  var objects: [Object] = []
  private(set) var output = ""

  init(_ meter: Meter, time: Int) { (self.meter, self.time) = (meter, time) }

  /// What the template writes with these variables.
  func render(_ statements: [Statement], _ variables: [(name: String, value: Value)]) throws -> String {
    let scope = Scope(in: nil)
    for function in Value.Function.allCases { scope.set(function.rawValue, .function(function)) }
    for variable in variables { scope.set(variable.name, variable.value) }
    _ = try run(statements, Scope(in: scope))
    return output
  }

  /// Keeps an object.
  func object(_ object: Object) throws -> Value {
    try meter.allocate(4 * Items.valueSize)
    objects.append(object)
    return .object(objects.count - 1)
  }

  func items(_ values: [Value]) throws -> Items { try Items(values, meter) }

  func list(_ values: [Value]) throws -> Value { .list(try items(values)) }

  func text(_ text: String) throws -> Value {
    try meter.allocate(text.utf8.count)
    return .text(text)
  }

  /// What Jinja's filters make that are generators in Python.
  func iterator(_ values: [Value]) throws -> Value {
    try meter.allocate(values.count, times: Items.valueSize)
    return try object(.iterator(values))
  }

  // MARK: - Statements

  func run(_ statements: [Statement], _ scope: Scope) throws -> Flow {
    for statement in statements {
      let flow = try located(statement.line) { try meter.nested { try run(statement.kind, scope) } }
      if flow != .through { return flow }
    }
    return .through
  }

  /// What `body` gives. Its error says where, unless it does already.
  private func located<Result>(_ line: Int, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as ZooError {
      throw error.location == nil ? error.located("line \(line)") : error
    }
  }

  private func run(_ statement: Statement.Kind, _ scope: Scope) throws -> Flow {
    switch statement {
    case .text(let text): try write(text)
    case .output(let expression): try write(plainText(of: try value(of: expression, scope)))
    case .set(let target, let expression): try assign(try value(of: expression, scope), to: target, scope)
    case .setBlock(let target, let filters, let body):
      let (text, flow) = try captured { try run(body, Scope(in: scope)) }
      if flow != .through { return flow }
      try assign(try accessed(.text(text), filters, nil, scope), to: target, scope)
    case .choice(let branches, let otherwise):
      for branch in branches where isTrue(try value(of: branch.test, scope)) { return try run(branch.body, scope) }
      return try run(otherwise, scope)
    case .loop(let loop): return try run(loop, scope)
    case .breakLoop: return .breaking
    case .continueLoop: return .continuing
    case .macro(let macro): scope.set(macro.name, try object(.macro(macro, scope)))
    case .call(let call, let caller): try write(plainText(of: try value(of: call, calledBy: caller, scope)))
    case .filter(let filters, let body):
      let (text, flow) = try captured { try run(body, Scope(in: scope)) }
      if flow != .through { return flow }
      try write(plainText(of: try accessed(.text(text), filters, nil, scope)))
    case .scope(let variables, let body):
      let inner = Scope(in: scope)
      for variable in variables { try assign(try value(of: variable.value, scope), to: variable.target, inner) }
      return try run(body, inner)
    }
    return .through
  }

  private func write(_ text: String) throws {
    try meter.allocate(text.utf8.count)
    output += text
  }

  /// What `body` writes, as a text of its own.
  func captured<Result>(_ body: () throws -> Result) rethrows -> (text: String, result: Result) {
    let outer = output
    output = ""
    defer { output = outer }
    let result = try body()
    return (output, result)
  }

  private func assign(_ value: Value, to target: Target, _ scope: Scope) throws {
    switch target {
    case .name(let name):
      try meter.allocate(2 * Items.valueSize)
      scope.set(name, value)
    case .attribute(let namespace, let name):
      guard case .object(let place)? = scope.value(of: ExactText(namespace)),
        case .namespace(var table) = objects[place]
      else {
        throw ZooError(.badData, "\(namespace) is no namespace, so its \(name) can't be set", advice: Self.advice)
      }
      try Self.checkAttribute(name)
      // Given back first, so that the table is changed where it is.
      objects[place] = .namespace(Table())
      defer { objects[place] = .namespace(table) }
      try table.set(name, value, meter)
    case .tuple(let targets):
      let values = try elements(of: value)
      guard values.count == targets.count else {
        throw ZooError(
          .badData, "\(values.count) values can't be given to \(targets.count) names", advice: Self.advice)
      }
      for (target, value) in zip(targets, values) { try assign(value, to: target, scope) }
    }
  }

  /// As `transformers` has it, which keeps what Python keeps for itself out of a template's reach.
  static func checkAttribute(_ name: String) throws {
    guard name.utf8.first != UInt8(ascii: "_") else {
      throw ZooError(.badData, "\(name) begins with an underscore, which a namespace's names may not", advice: advice)
    }
  }

  static let advice = "the model's chat template is damaged, or made for other messages"

  // MARK: - Loops

  private func run(_ loop: Loop, _ scope: Scope) throws -> Flow {
    var values = try elements(of: try value(of: loop.values, scope))
    if let test = loop.test {
      values = try values.filter { item in
        let inner = Scope(in: scope)
        try assign(item, to: loop.target, inner)
        return try meter.nested { isTrue(try value(of: test, inner)) }
      }
    }
    if try !runThrough(values, loop, scope) { return try run(loop.otherwise, Scope(in: scope)) }
    return .through
  }

  /// Whether the loop's body came to its end at least once. It is `else` where it did not, for Jinja also where `continue`
  /// or `break` was always faster.
  private func runThrough(_ values: [Value], _ loop: Loop, _ scope: Scope) throws -> Bool {
    guard !values.isEmpty else { return false }
    let state = try object(.loop(LoopState(values: values)))
    guard case .object(let place) = state else { return false }
    defer { finishLoop(place) }
    var cameThrough = false
    for (index, item) in values.enumerated() {
      try meter.spend(Meter.node)
      if index > 0 { advanceLoop(place) }
      let inner = Scope(in: scope)
      inner.set("loop", state)
      try assign(item, to: loop.target, inner)
      let flow = try run(loop.body, inner)
      if flow == .breaking { break }
      cameThrough = cameThrough || flow == .through
    }
    return cameThrough
  }

  private func advanceLoop(_ place: Int) {
    guard case .loop(var state) = objects[place] else { return }
    state.index += 1
    objects[place] = .loop(state)
  }

  /// Lets go of the values that were gone through; what is left is what somebody may ask for who kept `loop`.
  private func finishLoop(_ place: Int) {
    guard case .loop(let state) = objects[place] else { return }
    objects[place] = .loop(LoopState(values: [], count: state.count, index: state.index))
  }

  // MARK: - Macros

  /// What a macro writes.
  func call(_ macro: Macro, _ definition: Scope, _ arguments: Arguments) throws -> Value {
    let scope = Scope(in: definition)
    var positional = arguments.positional[...]
    var named = arguments.named
    for parameter in macro.parameters {
      let given = named.firstIndex { $0.name.isSame(as: parameter.name) }
      if let value = positional.popFirst() {
        guard given == nil else {
          throw ZooError(
            .badData, "the macro \(macro.name) gets \(parameter.name) twice", advice: Self.advice)
        }
        scope.set(parameter.name, value)
      } else if let given {
        scope.set(parameter.name, named.remove(at: given).value)
      } else if let usual = parameter.usual {
        scope.set(parameter.name, try value(of: usual, scope))
      } else {
        scope.set(parameter.name, .undefined("parameter '\(parameter.name)' was not provided"))
      }
    }
    try bindRest(macro, Array(positional), named, scope)
    let (text, _) = try captured { try meter.nested { try run(macro.body, scope) } }
    return .text(text)
  }

  /// What no parameter takes.
  private func bindRest(
    _ macro: Macro, _ positional: [Value], _ named: [(name: String, value: Value)], _ scope: Scope
  ) throws {
    var named = named
    if macro.takesCaller, !macro.parameters.contains(where: { $0.name == "caller" }) {
      let given = named.firstIndex { $0.name == "caller" }
      scope.set("caller", given.map { named.remove(at: $0).value } ?? .undefined("No caller defined"))
    }
    if macro.takesMoreNamed {
      var table = Table()
      for item in named { try table.set(item.name, item.value, meter) }
      scope.set("kwargs", .dictionary(table))
    } else if let item = named.first {
      throw ZooError(
        .badData, "the macro \(macro.name) takes no argument \"\(item.name)\"", advice: Self.advice)
    }
    if macro.takesMore {
      scope.set("varargs", .tuple(try items(positional)))
    } else if !positional.isEmpty {
      throw ZooError(
        .badData, "the macro \(macro.name) takes not more than \(macro.parameters.count) arguments",
        advice: Self.advice)
    }
  }
}

/// Where a loop is; what `loop` tells.
struct LoopState: Sendable {
  let values: [Value]
  let count: Int
  var index = 0
  /// What `loop.changed` was given last.
  var last: [Value]?

  init(values: [Value], count: Int? = nil, index: Int = 0) {
    (self.values, self.count, self.index) = (values, count ?? values.count, index)
  }

  /// An attribute that is no function.
  func attribute(_ name: String) -> Value? {
    switch name {
    case "index": .integer(index + 1)
    case "index0": .integer(index)
    case "revindex": .integer(count - index)
    case "revindex0": .integer(count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == count - 1)
    case "length": .integer(count)
    case "depth": .integer(1)
    case "depth0": .integer(0)
    case "previtem":
      values.indices.contains(index - 1) ? values[index - 1] : .undefined("there is no previous item")
    case "nextitem": values.indices.contains(index + 1) ? values[index + 1] : .undefined("there is no next item")
    default: nil
    }
  }
}
