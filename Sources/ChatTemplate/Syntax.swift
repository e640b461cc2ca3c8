/// What a template is parsed into. Chains of operators and of accesses are flat, so that only what the template nests takes
/// stack.
indirect enum Expression: Sendable {
  case constant(Value)
  case name(String)
  case list([Expression])
  case tuple([Expression])
  case dictionary([(key: Expression, value: Expression)])
  /// From left to right.
  case arithmetic(Expression, [(sign: ArithmeticSign, operand: Expression)])
  case concatenation([Expression])
  case comparison(Expression, [(sign: ComparisonSign, operand: Expression)])
  case all([Expression])
  case any([Expression])
  case not(Expression)
  case negative(Expression)
  case positive(Expression)
  case conditional(Expression, test: Expression, otherwise: Expression?)
  case access(Expression, [Access])
}

enum ArithmeticSign: String, Sendable {
  case plus = "+"
  case minus = "-"
  case times = "*"
  case divided = "/"
  case quotient = "//"
  case remainder = "%"
  case power = "**"
}

enum ComparisonSign: String, Sendable {
  case equal = "=="
  case unequal = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case contained = "in"
  case notContained = "not in"
}

/// What stands behind a value and makes another of it.
enum Access: Sendable {
  case attribute(String)
  case item(Expression)
  case slice(start: Expression?, stop: Expression?, step: Expression?)
  case call(ArgumentList)
  case filter(String, ArgumentList)
  case test(String, ArgumentList, isNegated: Bool)
}

/// The arguments of a call, as they are written.
struct ArgumentList: Sendable {
  var positional: [Expression] = []
  var named: [(name: String, value: Expression)] = []
  /// `*values` and `**values`.
  var unpacked: Expression?
  var unpackedNamed: Expression?
}

/// What a value is given to.
indirect enum Target: Sendable {
  case name(String)
  case attribute(namespace: String, name: String)
  case tuple([Target])
}

/// A statement, and the line on which it begins.
struct Statement: Sendable {
  enum Kind: Sendable {
    case text(String)
    case output(Expression)
    case set(Target, Expression)
    case setBlock(Target, filters: [Access], body: [Statement])
    case choice([(test: Expression, body: [Statement])], otherwise: [Statement])
    case loop(Loop)
    case breakLoop
    case continueLoop
    case macro(Macro)
    /// `call` and `generation`, which has no macro.
    case call(Expression, caller: Macro)
    case filter([Access], body: [Statement])
    case scope([(target: Target, value: Expression)], body: [Statement])
  }

  let line: Int
  let kind: Kind
}

struct Loop: Sendable {
  let target: Target
  let values: Expression
  let test: Expression?
  let body: [Statement]
  let otherwise: [Statement]
}

/// A macro, or the body of a call.
struct Macro: Sendable {
  let name: String
  let parameters: [(name: String, usual: Expression?)]
  let body: [Statement]
  /// Whether the body names them, so that calls may give them.
  let takesMore: Bool
  let takesMoreNamed: Bool
  let takesCaller: Bool
}
