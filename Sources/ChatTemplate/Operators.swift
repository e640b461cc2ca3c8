import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Python's operators.
extension Renderer {
  func arithmetic(_ left: Value, _ sign: ArithmeticSign, _ right: Value) throws -> Value {
    for case .undefined(let message) in [left, right] {
      // A text's format takes whatever there is.
      if case .text = left, sign == .remainder { break }
      throw Self.undefined(message)
    }
    if let a = left.wholeNumber, let b = right.wholeNumber { return try whole(a, sign, b) }
    if let a = left.anyNumber, let b = right.anyNumber { return .number(try real(a, sign, b)) }
    switch (left, sign, right) {
    case (.text(let a), .plus, .text(let b)):
      try meter.allocate(a.utf8.count + b.utf8.count)
      return .text(a + b)
    case (.markup(let a), .plus, _) where right.exactText != nil:
      return .markup(try joined([a, try markup(right)], by: ""))
    case (_, .plus, .markup(let b)) where left.exactText != nil:
      return .markup(try joined([try markup(left), b], by: ""))
    case (.list(let a), .plus, .list(let b)): return .list(try items(a.values + b.values))
    case (.tuple(let a), .plus, .tuple(let b)): return .tuple(try items(a.values + b.values))
    case (.text(let text), .remainder, _), (.markup(let text), .remainder, _):
      return try self.text(try formatted(text, with: right))
    case (_, .times, _):
      if let count = right.wholeNumber, let result = try repeated(left, count) { return result }
      if let count = left.wholeNumber, let result = try repeated(right, count) { return result }
    default: break
    }
    throw ZooError(
      .badData, "\(left.typeName) \(sign.rawValue) \(right.typeName) has no meaning", advice: Self.advice)
  }

  private func repeated(_ value: Value, _ count: Int) throws -> Value? {
    let count = max(0, count)
    func size(_ each: Int, _ bytes: Int) throws {
      let (product, overflows) = each.multipliedReportingOverflow(by: count)
      try meter.allocate(overflows ? .max : product, times: bytes)
    }
    switch value {
    case .text(let text), .markup(let text):
      try size(text.utf8.count, 1)
      let result = text.isEmpty ? "" : String(repeating: text, count: count)
      if case .markup = value { return .markup(result) }
      return .text(result)
    case .list(let items), .tuple(let items):
      try size(items.values.count, Items.valueSize)
      let values = items.values.isEmpty ? [] : Array(repeatElement(items.values, count: count).joined())
      let result = try self.items(values)
      if case .list = value { return .list(result) }
      return .tuple(result)
    default: return nil
    }
  }

  private func whole(_ a: Int, _ sign: ArithmeticSign, _ b: Int) throws -> Value {
    let result: (partialValue: Int, overflow: Bool)
    switch sign {
    case .plus: result = a.addingReportingOverflow(b)
    case .minus: result = a.subtractingReportingOverflow(b)
    case .times: result = a.multipliedReportingOverflow(by: b)
    case .divided: return .number(try real(Double(a), sign, Double(b)))
    case .quotient, .remainder:
      guard b != 0 else { throw Self.divisionByZero }
      let quotient = a.dividedReportingOverflow(by: b)
      let remainder = a.remainderReportingOverflow(dividingBy: b)
      let rounds = remainder.partialValue != 0 && (remainder.partialValue < 0) != (b < 0)
      if sign == .remainder { return .integer(rounds ? remainder.partialValue + b : remainder.partialValue) }
      result = rounds ? quotient.partialValue.subtractingReportingOverflow(1) : quotient
    case .power:
      if b < 0 { return .number(try real(Double(a), sign, Double(b))) }
      result = Self.power(a, b)
    }
    guard !result.overflow else {
      throw ZooError(.badData, "\(a) \(sign.rawValue) \(b) is larger than numbers are here", advice: Self.advice)
    }
    return .integer(result.partialValue)
  }

  private static func power(_ base: Int, _ exponent: Int) -> (partialValue: Int, overflow: Bool) {
    if base == 0 || base == 1 || exponent == 0 { return (exponent == 0 ? 1 : base, false) }
    if base == -1 { return (exponent % 2 == 0 ? 1 : -1, false) }
    guard exponent < 64 else { return (0, true) }
    var result = (partialValue: 1, overflow: false)
    for _ in 0..<exponent where !result.overflow { result = result.partialValue.multipliedReportingOverflow(by: base) }
    return result
  }

  private func real(_ a: Double, _ sign: ArithmeticSign, _ b: Double) throws -> Double {
    switch sign {
    case .plus: return a + b
    case .minus: return a - b
    case .times: return a * b
    case .divided:
      guard b != 0 else { throw Self.divisionByZero }
      return a / b
    case .quotient:
      guard b != 0 else { throw Self.divisionByZero }
      let quotient = (a - Self.remainder(a, b)) / b
      // The nearest whole number, as the division is rounded.
      let floor = quotient.rounded(.down)
      return quotient == 0 ? Double(signOf: a / b, magnitudeOf: 0) : quotient - floor > 0.5 ? floor + 1 : floor
    case .remainder:
      guard b != 0 else { throw Self.divisionByZero }
      return Self.remainder(a, b)
    case .power:
      guard a != 0 || b >= 0 else { throw Self.divisionByZero }
      let result = pow(a, b)
      guard !(a < 0 && b != b.rounded(.towardZero)), result.isFinite || !a.isFinite || !b.isFinite else {
        throw ZooError(.badData, "\(a) ** \(b) is no number that there is here", advice: Self.advice)
      }
      return result
    }
  }

  /// With the sign of the divisor.
  private static func remainder(_ a: Double, _ b: Double) -> Double {
    let remainder = fmod(a, b)
    if remainder == 0 { return Double(signOf: b, magnitudeOf: 0) }
    return (remainder < 0) != (b < 0) ? remainder + b : remainder
  }

  private static let divisionByZero = ZooError(.badData, "a number is divided by zero", advice: advice)

  func negative(_ value: Value) throws -> Value {
    if let number = value.wholeNumber { return try whole(0, .minus, number) }
    if case .number(let number) = value { return .number(-number) }
    return try positive(value)
  }

  func positive(_ value: Value) throws -> Value {
    if let number = value.wholeNumber { return .integer(number) }
    if case .number = value { return value }
    if case .undefined(let message) = value { throw Self.undefined(message) }
    throw ZooError(.badData, "a \(value.typeName) has no sign", advice: Self.advice)
  }

  // MARK: - Comparison

  func isFulfilled(_ left: Value, _ sign: ComparisonSign, _ right: Value) throws -> Bool {
    switch sign {
    case .equal: try isEqual(left, right)
    case .unequal: try !isEqual(left, right)
    case .less: try isLess(left, right)
    case .greater: try isLess(right, left)
    case .lessOrEqual: try isLess(left, right, orEqual: true)
    case .greaterOrEqual: try isLess(right, left, orEqual: true)
    case .contained: try contains(right, left)
    case .notContained: try !contains(right, left)
    }
  }

  func isEqual(_ left: Value, _ right: Value) throws -> Bool {
    try meter.spend(1)
    switch (left.plain, right.plain) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.text(let a), .text(let b)):
      try meter.spend(min(a.utf8.count, b.utf8.count))
      return a.isSame(as: b)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)): return try isEqual(a, b)
    case (.view(let a, let one), .view(let b, let other)):
      switch (one, other) {
      case (.range, .range), (.keys, .keys), (.items, .items): return try isEqual(a, b)
      default: return false
      }
    case (.dictionary(let a), .dictionary(let b)):
      guard a.count == b.count else { return false }
      for (key, value) in zip(a.keys, a.values) {
        guard let other = b[try Key(key)], try isEqual(value, other) else { return false }
      }
      return true
    case (.object(let a), .object(let b)): return a == b
    case (.function(let a), .function(let b)): return a == b
    default: return Self.order(left, right) == 0
    }
  }

  private func isEqual(_ a: Items, _ b: Items) throws -> Bool {
    guard a.values.count == b.values.count else { return false }
    for (left, right) in zip(a.values, b.values) { guard try isEqual(left, right) else { return false } }
    return true
  }

  /// −1, 0 or 1 for two numbers; `nil` for what can't be put in order.
  private static func order(_ left: Value, _ right: Value) -> Int? {
    if let a = left.wholeNumber, let b = right.wholeNumber { return a < b ? -1 : a == b ? 0 : 1 }
    guard let a = left.anyNumber, let b = right.anyNumber, !a.isNaN, !b.isNaN else { return nil }
    if a != b { return a < b ? -1 : 1 }
    // A large whole number was rounded.
    let whole = (left.wholeNumber, right.wholeNumber)
    switch whole {
    case (let x?, nil): return Int(exactly: b).map { x < $0 ? -1 : x == $0 ? 0 : 1 } ?? -1
    case (nil, let y?): return Int(exactly: a).map { $0 < y ? -1 : $0 == y ? 0 : 1 } ?? 1
    default: return 0
    }
  }

  func isLess(_ left: Value, _ right: Value, orEqual: Bool = false) throws -> Bool {
    try meter.spend(1)
    for case .undefined(let message) in [left, right] { throw Self.undefined(message) }
    if left.anyNumber != nil, right.anyNumber != nil {
      return Self.order(left, right).map { $0 < 0 || orEqual && $0 == 0 } ?? false
    }
    switch (left.plain, right.plain) {
    case (.text(let a), .text(let b)):
      try meter.spend(min(a.utf8.count, b.utf8.count))
      return a.utf8.lexicographicallyPrecedes(b.utf8) || orEqual && a.isSame(as: b)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a.values, b.values) where try !isEqual(x, y) { return try isLess(x, y, orEqual: orEqual) }
      return a.values.count < b.values.count || orEqual && a.values.count == b.values.count
    default:
      throw ZooError(
        .badData, "a \(left.typeName) and a \(right.typeName) have no order", advice: Self.advice)
    }
  }

  /// Python's `in`.
  func contains(_ whole: Value, _ part: Value) throws -> Bool {
    switch whole.plain {
    case .text(let text):
      guard let wanted = part.exactText else {
        if case .undefined(let message) = part { throw Self.undefined(message) }
        throw ZooError(.badData, "a \(part.typeName) can't be in a text", advice: Self.advice)
      }
      return try Search(wanted, meter).first(in: Array(text.utf8), from: 0) != nil
    case .dictionary(let table): return table[try Key(part)] != nil
    default: return try elements(of: whole).contains { try isEqual($0, part) }
    }
  }
}
