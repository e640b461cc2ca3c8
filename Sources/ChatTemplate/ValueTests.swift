import ZooCore

/// Jinja's tests: what stands behind `is`.
extension Renderer {
  func test(_ original: Value, _ name: String, _ arguments: Arguments) throws -> Bool {
    let value = original.plain
    if let sign = Self.comparisons[name] {
      return try isFulfilled(value, sign, try required(arguments.values(of: "other", by: name)[0], name))
    }
    switch name {
    case "divisibleby":
      let divisor = try required(arguments.values(of: "num", by: name)[0], name)
      return try isEqual(try arithmetic(value, .remainder, divisor), .integer(0))
    case "sameas": return try isSame(value, try required(arguments.values(of: "other", by: name)[0], name))
    case "in": return try contains(try required(arguments.values(of: "seq", by: name)[0], name), value)
    default: break
    }
    _ = try arguments.values(by: name)
    if let isKind = isKind(value, name) { return isKind }
    switch name {
    case "odd", "even":
      if case .text = value { throw ZooError(.badData, "a text is neither odd nor even", advice: Self.advice) }
      return try isEqual(try arithmetic(value, .remainder, .integer(2)), .integer(name == "odd" ? 1 : 0))
    case "upper", "lower":
      let text = try plainText(of: value)
      try meter.spend(text.utf8.count)
      return Self.isCased(text, upper: name == "upper")
    case "escaped": if case .markup = original { return true } else { return false }
    case "filter", "test": throw ZooError(.unsupported, "the test \"\(name)\" is not known here", advice: Self.advice)
    default: throw ZooError(.unsupported, "there is no test \"\(name.prefix(100))\"", advice: Self.advice)
    }
  }

  private static let comparisons: [String: ComparisonSign] = [
    "==": .equal, "eq": .equal, "equalto": .equal, "!=": .unequal, "ne": .unequal, "<": .less, "lt": .less,
    "lessthan": .less, "<=": .lessOrEqual, "le": .lessOrEqual, ">": .greater, "gt": .greater, "greaterthan": .greater,
    ">=": .greaterOrEqual, "ge": .greaterOrEqual,
  ]

  /// What the value's kind alone decides; `nil` for another test.
  private func isKind(_ value: Value, _ name: String) -> Bool? {
    switch (name, value) {
    case ("defined", _): !value.isUndefined
    case ("undefined", _): value.isUndefined
    case ("none", _): value.isNone
    case ("boolean", .bool), ("true", .bool(true)), ("false", .bool(false)): true
    case ("integer", .integer), ("float", .number), ("string", .text), ("mapping", .dictionary): true
    case ("number", .integer), ("number", .number), ("number", .bool): true
    case ("sequence", .text), ("sequence", .list), ("sequence", .tuple), ("sequence", .dictionary): true
    case ("sequence", .undefined), ("sequence", .view(_, .range)): true
    case ("callable", .function), ("callable", .method): true
    case ("callable", .undefined): true
    case ("callable", .object(let place)): if case .macro = objects[place] { true } else { false }
    case ("iterable", _): isIterable(value)
    case ("boolean", _), ("true", _), ("false", _), ("integer", _), ("float", _), ("string", _), ("mapping", _),
      ("number", _), ("sequence", _), ("callable", _):
      false
    default: nil
    }
  }

  /// Python's `is`: of values that have no identity here, whether they are of one type and equal.
  private func isSame(_ one: Value, _ other: Value) throws -> Bool {
    try one.typeName == other.typeName && isEqual(one, other)
  }
}
