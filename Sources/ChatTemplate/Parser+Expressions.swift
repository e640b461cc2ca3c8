import ZooCore

/// Expressions, with the precedence that Jinja gives their operators: `~` binds tighter than `+`, filters tightest.
extension Parser {
  mutating func expression() throws -> Expression { try nested { try $0.conditional() } }

  /// One value, or several with commas between them.
  ///
  /// - Parameter end: A name at which it ends.
  mutating func tuple(allowsConditional: Bool = true, endingAt end: String? = nil) throws -> Expression {
    func value(_ parser: inout Parser) throws -> Expression {
      allowsConditional ? try parser.expression() : try parser.nested { try $0.alternatives() }
    }
    let first = try value(&self)
    guard isSign(",") else { return first }
    var items = [first]
    while skip(sign: ",") {
      if isSign(")") || current.kind == .blockEnd || current.kind == .outputEnd { break }
      if let end, isName(end) { break }
      items.append(try value(&self))
    }
    return .tuple(items)
  }

  private mutating func conditional() throws -> Expression {
    var value = try alternatives()
    while skip(name: "if") {
      let test = try alternatives()
      let otherwise = skip(name: "else") ? try expression() : nil
      value = try joined(.conditional(value, test: test, otherwise: otherwise))
    }
    return value
  }

  /// `value`, of which another expression of this level can become a part: a chain of such is deep, too.
  private mutating func joined(_ value: Expression) throws -> Expression {
    if isName("if") { throw error("one \"if\" follows another", advice: "put the first into parentheses") }
    return value
  }

  private mutating func alternatives() throws -> Expression {
    var items = [try conjunction()]
    while skip(name: "or") { items.append(try conjunction()) }
    return items.count == 1 ? items[0] : .any(items)
  }

  private mutating func conjunction() throws -> Expression {
    var items = [try negation()]
    while skip(name: "and") { items.append(try negation()) }
    return items.count == 1 ? items[0] : .all(items)
  }

  private mutating func negation() throws -> Expression {
    guard skip(name: "not") else { return try comparison() }
    return .not(try nested { try $0.negation() })
  }

  private mutating func comparison() throws -> Expression {
    let first = try sum()
    var rest: [(sign: ComparisonSign, operand: Expression)] = []
    while let sign = comparisonSign() { rest.append((sign, try sum())) }
    return rest.isEmpty ? first : .comparison(first, rest)
  }

  /// Passes the sign of a comparison.
  private mutating func comparisonSign() -> ComparisonSign? {
    switch current.kind {
    case .sign(let text):
      guard let sign = ComparisonSign(rawValue: text) else { return nil }
      advance()
      return sign
    case .name("in"):
      advance()
      return .contained
    case .name("not") where next.kind == .name("in"):
      advance()
      advance()
      return .notContained
    default: return nil
    }
  }

  private mutating func chain(
    _ signs: Set<String>, _ operand: (inout Parser) throws -> Expression
  ) throws -> Expression {
    let first = try operand(&self)
    var rest: [(sign: ArithmeticSign, operand: Expression)] = []
    while case .sign(let text) = current.kind, signs.contains(text), let sign = ArithmeticSign(rawValue: text) {
      advance()
      rest.append((sign, try operand(&self)))
    }
    return rest.isEmpty ? first : .arithmetic(first, rest)
  }

  private mutating func sum() throws -> Expression { try chain(["+", "-"]) { try $0.concatenation() } }

  private mutating func concatenation() throws -> Expression {
    var items = [try product()]
    while skip(sign: "~") { items.append(try product()) }
    return items.count == 1 ? items[0] : .concatenation(items)
  }

  private mutating func product() throws -> Expression {
    try chain(["*", "/", "//", "%"]) { try $0.chain(["**"]) { try $0.signed(takesFilters: true) } }
  }

  private mutating func signed(takesFilters: Bool) throws -> Expression {
    let value: Expression
    if isSign("-") || isSign("+") {
      let isNegative = isSign("-")
      advance()
      let operand = try nested { try $0.signed(takesFilters: false) }
      value = isNegative ? .negative(operand) : .positive(operand)
    } else {
      value = try primary()
    }
    var accesses = try postfixes()
    if takesFilters { accesses += try filtersAndTests() }
    return accesses.isEmpty ? value : .access(value, accesses)
  }

  // MARK: Values

  private mutating func primary() throws -> Expression {
    let kind = current.kind
    switch kind {
    case .name(let name):
      advance()
      if let constant = Self.constants[name] { return .constant(constant) }
      for index in usedNames.indices { usedNames[index].insert(name) }
      return .name(name)
    case .string(var text):
      advance()
      while case .string(let more) = current.kind {
        text += more
        advance()
      }
      return .constant(.text(text))
    case .integer(let number):
      advance()
      return .constant(.integer(number))
    case .number(let number):
      advance()
      return .constant(.number(number))
    case .sign("("):
      advance()
      if skip(sign: ")") { return .tuple([]) }
      let value = try tuple()
      try expect(sign: ")")
      return value
    case .sign("["): return .list(try list(closing: "]") { try $0.expression() })
    case .sign("{"):
      return .dictionary(
        try list(closing: "}") {
          let key = try $0.expression()
          try $0.expect(sign: ":")
          return (key, try $0.expression())
        })
    default: throw unexpected("a value")
    }
  }

  /// Elements with commas between them, and perhaps one behind the last.
  private mutating func list<Element>(
    closing end: String, _ element: (inout Parser) throws -> Element
  ) throws -> [Element] {
    advance()
    var items: [Element] = []
    while !isSign(end) {
      if !items.isEmpty {
        try expect(sign: ",")
        if isSign(end) { break }
      }
      items.append(try element(&self))
    }
    advance()
    return items
  }

  // MARK: Accesses

  private mutating func postfixes() throws -> [Access] {
    var accesses: [Access] = []
    while true {
      if skip(sign: ".") {
        switch current.kind {
        case .name(let name): accesses.append(.attribute(name))
        case .integer(let number): accesses.append(.item(.constant(.integer(number))))
        default: throw unexpected("a name or a number")
        }
        advance()
      } else if skip(sign: "[") {
        accesses.append(try subscripted())
      } else if isSign("(") {
        accesses.append(.call(try arguments()))
      } else {
        return accesses
      }
    }
  }

  private mutating func subscripted() throws -> Access {
    var bounds: [Expression?] = [nil]
    while !isSign("]") {
      if skip(sign: ":") {
        bounds.append(nil)
        continue
      }
      bounds[bounds.count - 1] = try expression()
      if isSign(",") {
        throw error("several indices are not known here", .unsupported, advice: "take one element after the other")
      }
      guard isSign(":") || isSign("]") else { throw unexpected("\"]\"") }
    }
    guard bounds.count <= 3 else { throw unexpected("\"]\"") }
    advance()
    if bounds.count == 1 {
      guard let index = bounds[0] else { throw error("an index is expected") }
      return .item(index)
    }
    return .slice(start: bounds[0], stop: bounds[1], step: bounds.count > 2 ? bounds[2] : nil)
  }

  private mutating func arguments() throws -> ArgumentList {
    try expect(sign: "(")
    var list = ArgumentList()
    var isFirst = true
    while !isSign(")") {
      if !isFirst {
        try expect(sign: ",")
        if isSign(")") { break }
      }
      isFirst = false
      if skip(sign: "*") {
        guard list.unpacked == nil else { throw error("values are unpacked twice") }
        list.unpacked = try expression()
      } else if skip(sign: "**") {
        guard list.unpackedNamed == nil else { throw error("values are unpacked twice") }
        list.unpackedNamed = try expression()
      } else if case .name(let name) = current.kind, next.kind == .sign("=") {
        advance()
        advance()
        list.named.append((name, try expression()))
      } else {
        guard list.named.isEmpty, list.unpackedNamed == nil else {
          throw error("an argument without a name follows one with a name")
        }
        list.positional.append(try expression())
      }
    }
    advance()
    return list
  }

  private mutating func filtersAndTests() throws -> [Access] {
    var accesses: [Access] = []
    while true {
      if skip(sign: "|") {
        accesses.append(try filter())
      } else if skip(name: "is") {
        accesses.append(try test())
      } else if isSign("(") {
        accesses.append(.call(try arguments()))
      } else {
        return accesses
      }
    }
  }

  /// A filter, behind its bar.
  mutating func filter() throws -> Access {
    let name = try dottedName()
    return .filter(name, isSign("(") ? try arguments() : ArgumentList())
  }

  private mutating func dottedName() throws -> String {
    var name = try expectName()
    while skip(sign: ".") { name += "." + (try expectName()) }
    return name
  }

  private mutating func test() throws -> Access {
    let isNegated = skip(name: "not")
    let name = try dottedName()
    if isSign("(") { return .test(name, try arguments(), isNegated: isNegated) }
    var list = ArgumentList()
    if isTestArgument {
      if isName("is") { throw error("one test follows another", advice: "join them with \"and\"") }
      let value = try nested { try $0.primary() }
      let accesses = try postfixes()
      list.positional = [accesses.isEmpty ? value : .access(value, accesses)]
    }
    return .test(name, list, isNegated: isNegated)
  }

  /// Whether a value comes that is a test's argument without parentheses: `is divisibleby 3`.
  private var isTestArgument: Bool {
    switch current.kind {
    case .name(let name): !["else", "or", "and"].contains(name)
    case .string, .integer, .number, .sign("["), .sign("{"): true
    default: false
    }
  }
}
