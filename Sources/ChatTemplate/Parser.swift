import ZooCore

/// Reads the statements of a template (jinja.palletsprojects.com, Template Designer Documentation); expressions are in
/// Parser+Expressions.swift.
struct Parser {
  /// Statements and expressions in one another; each takes some of the thread's stack, here and when it is rendered.
  private static let greatestDepth = 64

  private let tokens: [Token]
  private var place = 0
  private var depth = 0
  /// Loops around what is read, within the macro that it is in.
  private var loopCount = 0
  /// The names that the bodies of macros use, for each of those that are being read.
  var usedNames: [Set<String>] = []

  private init(_ tokens: [Token]) { self.tokens = tokens }

  /// The statements of a template.
  ///
  /// - Throws: `ZooError` with the line: `badData` for what is no template, `unsupported` for tags that chat templates
  ///   have no use for.
  static func parse(_ source: String) throws -> [Statement] {
    var parser = Parser(try Lexer.tokens(of: source))
    let body = try parser.statements(until: [])
    return body
  }

  // MARK: Tokens

  var current: Token { tokens[place] }

  var next: Token { tokens[min(place + 1, tokens.count - 1)] }

  mutating func advance() { place = min(place + 1, tokens.count - 1) }

  func isSign(_ sign: String) -> Bool { current.kind == .sign(sign) }

  func isName(_ name: String) -> Bool { current.kind == .name(name) }

  /// Passes a sign, if it is next, and says whether it was.
  mutating func skip(sign: String) -> Bool {
    guard isSign(sign) else { return false }
    advance()
    return true
  }

  mutating func skip(name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func expect(sign: String) throws {
    guard skip(sign: sign) else { throw unexpected("\"\(sign)\"") }
  }

  private mutating func expect(_ kind: Token.Kind, _ what: String) throws {
    guard current.kind == kind else { throw unexpected(what) }
    advance()
  }

  mutating func expectName() throws -> String {
    guard case .name(let name) = current.kind else { throw unexpected("a name") }
    advance()
    return name
  }

  func unexpected(_ what: String) -> ZooError { error("\(what) is expected, and there is \(current.description)") }

  func error(_ message: String, _ kind: ZooError.Kind = .badData, advice: String? = nil) -> ZooError {
    ZooError(kind, message, at: "line \(current.line)", advice: advice ?? "the model's chat template is damaged")
  }

  mutating func nested<Result>(_ body: (inout Parser) throws -> Result) throws -> Result {
    guard depth < Self.greatestDepth else {
      throw error("more than \(Self.greatestDepth) statements and values lie in one another", advice: Meter.advice)
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  // MARK: Statements

  /// Statements up to a tag with one of `ends` as its name, which is next then; up to the template's end without any.
  private mutating func statements(until ends: Set<String>) throws -> [Statement] {
    try nested { parser in
      var body: [Statement] = []
      while true {
        let line = parser.current.line
        switch parser.current.kind {
        case .text(let text):
          parser.advance()
          body.append(Statement(line: line, kind: .text(text)))
        case .outputBegin:
          parser.advance()
          let value = try parser.tuple()
          try parser.expect(.outputEnd, "\"}}\"")
          body.append(Statement(line: line, kind: .output(value)))
        case .blockBegin:
          if case .name(let name) = parser.next.kind, ends.contains(name) {
            parser.advance()
            return body
          }
          parser.advance()
          body.append(Statement(line: line, kind: try parser.statement()))
        default:
          guard case .end = parser.current.kind else { throw parser.unexpected("a tag") }
          guard ends.isEmpty else {
            throw parser.error("the template ends where \(ends.sorted().joined(separator: " or ")) is expected")
          }
          return body
        }
      }
    }
  }

  /// The body of a tag: up to `end`, all of whose tag is passed.
  private mutating func body(until end: String) throws -> [Statement] {
    try expect(.blockEnd, "\"%}\"")
    let body = try statements(until: [end])
    advance()
    try expect(.blockEnd, "\"%}\"")
    return body
  }

  /// The statement whose tag is open.
  private mutating func statement() throws -> Statement.Kind {
    let name = try expectName()
    switch name {
    case "if": return try choice()
    case "for": return try loop()
    case "set": return try assignment()
    case "macro": return try macro()
    case "call": return try callBlock()
    case "filter": return try filterBlock()
    case "with": return try scope()
    case "generation":
      let body = try macroBody { try $0.body(until: "endgeneration") }
      return .scope([], body: body.statements)
    case "break", "continue":
      guard loopCount > 0 else { throw error("\(name) stands in no loop") }
      try expect(.blockEnd, "\"%}\"")
      return name == "break" ? .breakLoop : .continueLoop
    case "include", "import", "from", "extends", "block", "autoescape", "trans", "do", "debug":
      throw error(
        "chat templates have no \(name)", .unsupported, advice: "give the model a template that needs none")
    default: throw error("the tag \(name) is unknown")
    }
  }

  private mutating func choice() throws -> Statement.Kind {
    var branches: [(test: Expression, body: [Statement])] = []
    var otherwise: [Statement] = []
    while true {
      let test = try tuple(allowsConditional: false)
      try expect(.blockEnd, "\"%}\"")
      branches.append((test, try statements(until: ["elif", "else", "endif"])))
      if skip(name: "elif") { continue }
      if skip(name: "else") { otherwise = try body(until: "endif") } else { try end() }
      return .choice(branches, otherwise: otherwise)
    }
  }

  /// Passes the tag's name and its end.
  private mutating func end() throws {
    advance()
    try expect(.blockEnd, "\"%}\"")
  }

  private mutating func loop() throws -> Statement.Kind {
    let target = try target(endingAt: "in")
    guard skip(name: "in") else { throw unexpected("\"in\"") }
    let values = try tuple(allowsConditional: false, endingAt: "recursive")
    let test = skip(name: "if") ? try expression() : nil
    if isName("recursive") {
      throw error("recursive loops are not known here", .unsupported, advice: "write a macro that calls itself")
    }
    try expect(.blockEnd, "\"%}\"")
    loopCount += 1
    let inner = try statements(until: ["else", "endfor"])
    loopCount -= 1
    var otherwise: [Statement] = []
    if skip(name: "else") { otherwise = try body(until: "endfor") } else { try end() }
    return .loop(Loop(target: target, values: values, test: test, body: inner, otherwise: otherwise))
  }

  private mutating func assignment() throws -> Statement.Kind {
    let target = try target(endingAt: nil)
    if skip(sign: "=") {
      let value = try tuple()
      try expect(.blockEnd, "\"%}\"")
      return .set(target, value)
    }
    let filters = try filters()
    return .setBlock(target, filters: filters, body: try body(until: "endset"))
  }

  private mutating func filterBlock() throws -> Statement.Kind {
    let filters = try [filter()] + filters()
    return .filter(filters, body: try body(until: "endfilter"))
  }

  /// Filters with a bar before each.
  private mutating func filters() throws -> [Access] {
    var filters: [Access] = []
    while skip(sign: "|") { filters.append(try filter()) }
    return filters
  }

  private mutating func scope() throws -> Statement.Kind {
    var variables: [(target: Target, value: Expression)] = []
    while current.kind != .blockEnd {
      if !variables.isEmpty { try expect(sign: ",") }
      let target = try singleTarget()
      try expect(sign: "=")
      variables.append((target, try expression()))
    }
    return .scope(variables, body: try body(until: "endwith"))
  }

  // MARK: Macros

  private mutating func macro() throws -> Statement.Kind {
    let name = try expectName()
    let parameters = try parameters()
    return .macro(try macro(named: name, parameters, until: "endmacro"))
  }

  private mutating func callBlock() throws -> Statement.Kind {
    let parameters = isSign("(") ? try parameters() : []
    let call = try expression()
    guard case .access(_, let accesses) = call, case .call = accesses.last else { throw error("a call is expected") }
    return .call(call, caller: try macro(named: "caller", parameters, until: "endcall"))
  }

  private mutating func parameters() throws -> [(name: String, usual: Expression?)] {
    try expect(sign: "(")
    var parameters: [(name: String, usual: Expression?)] = []
    while !isSign(")") {
      if !parameters.isEmpty { try expect(sign: ",") }
      let name = try expectName()
      let usual = skip(sign: "=") ? try expression() : nil
      if usual == nil, parameters.last?.usual != nil { throw error("\"\(name)\" needs a value, as one before it has") }
      parameters.append((name, usual))
    }
    advance()
    return parameters
  }

  private mutating func macro(
    named name: String, _ parameters: [(name: String, usual: Expression?)], until end: String
  ) throws -> Macro {
    let body = try macroBody { try $0.body(until: end) }
    return Macro(
      name: name, parameters: parameters, body: body.statements, takesMore: body.names.contains("varargs"),
      takesMoreNamed: body.names.contains("kwargs"), takesCaller: body.names.contains("caller"))
  }

  /// What `read` reads, which no loop around it can be left from.
  private mutating func macroBody(
    _ read: (inout Parser) throws -> [Statement]
  ) throws -> (statements: [Statement], names: Set<String>) {
    let outerLoops = loopCount
    loopCount = 0
    usedNames.append([])
    let statements = try read(&self)
    loopCount = outerLoops
    let names = usedNames.removeLast()
    return (statements, names)
  }

  // MARK: Targets

  private mutating func target(endingAt end: String?) throws -> Target {
    let first = try singleTarget()
    guard isSign(",") else { return first }
    var targets = [first]
    while skip(sign: ",") {
      if let end, isName(end) { break }
      if isSign("=") || current.kind == .blockEnd || isSign(")") { break }
      targets.append(try singleTarget())
    }
    return .tuple(targets)
  }

  private mutating func singleTarget() throws -> Target {
    if isSign("(") {
      return try nested { parser in
        parser.advance()
        let target = try parser.target(endingAt: nil)
        try parser.expect(sign: ")")
        return target
      }
    }
    let name = try expectName()
    if Self.constants[name] != nil { throw error("\(name) can't be given another value") }
    if skip(sign: ".") {
      usedNames.indices.forEach { usedNames[$0].insert(name) }
      return .attribute(namespace: name, name: try expectName())
    }
    return .name(name)
  }

  static let constants: [String: Value] = [
    "true": .bool(true), "True": .bool(true), "false": .bool(false), "False": .bool(false), "none": .none,
    "None": .none,
  ]
}
