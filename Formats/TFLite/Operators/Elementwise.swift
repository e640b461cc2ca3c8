import GraphWriter
import ZooCore

extension LiteConverter {
  static let arithmetic: [String: Rule] = [
    "ADD": { try $0.binary("Add", activation: $0.choice(0)) },
    "SUB": { try $0.binary("Sub", activation: $0.choice(0)) },
    "MUL": { try $0.binary("Mul", activation: $0.choice(0)) },
    "DIV": { try $0.binary("Div", activation: $0.choice(0)) },
    "MAXIMUM": { try $0.binary("Max") },
    "MINIMUM": { try $0.binary("Min") },
    "POW": { try $0.binary("Pow") },
    "ATAN2": { try $0.angle() },
    "SQUARED_DIFFERENCE": { try $0.squaredDifference() },
    "FLOOR_DIV": { try $0.floorDivision() },
    "FLOOR_MOD": { try $0.floorRemainder() },
    "PRELU": { try $0.binary("PRelu") },
    "ADD_N": { try $0.addAll() },
  ]

  static let comparisons: [String: Rule] = [
    "LESS": { try $0.binary("Less") },
    "LESS_EQUAL": { try $0.binary("LessOrEqual") },
    "GREATER": { try $0.binary("Greater") },
    "GREATER_EQUAL": { try $0.binary("GreaterOrEqual") },
    "EQUAL": { try $0.binary("Equal") },
    "NOT_EQUAL": { try $0.binary("Equal", then: "Not") },
    "LOGICAL_AND": { try $0.binary("And") },
    "LOGICAL_OR": { try $0.binary("Or") },
    "LOGICAL_NOT": { try $0.unary([("Not", [])]) },
    "SELECT": { try $0.select(byRows: true) },
    "SELECT_V2": { try $0.select(byRows: false) },
  ]

  static let functions: [String: Rule] = [
    "RELU": { try $0.unary([("Relu", [])]) },
    "RELU6": { try $0.clip(0, 6) },
    "RELU_N1_TO_1": { try $0.clip(-1, 1) },
    "RELU_0_TO_1": { try $0.clip(0, 1) },
    "LOGISTIC": { try $0.unary([("Sigmoid", [])]) },
    "TANH": { try $0.unary([("Tanh", [])]) },
    "HARD_SWISH": { try $0.unary([("HardSwish", [])]) },
    "LEAKY_RELU": { try $0.unary([("LeakyRelu", [.float("alpha", $0.float(0))])]) },
    "ELU": { try $0.unary([("Elu", [])]) },
    "GELU": { try $0.unary([("Gelu", [.text("approximate", $0.flag(0) ? "tanh" : "none")])]) },
    "ABS": { try $0.unary([("Abs", [])]) },
    "NEG": { try $0.unary([("Neg", [])]) },
    "EXP": { try $0.unary([("Exp", [])]) },
    "LOG": { try $0.unary([("Log", [])]) },
    "SQRT": { try $0.unary([("Sqrt", [])]) },
    "RSQRT": { try $0.unary([("Sqrt", []), ("Reciprocal", [])]) },
    "SIN": { try $0.unary([("Sin", [])]) },
    "COS": { try $0.unary([("Cos", [])]) },
    "FLOOR": { try $0.unary([("Floor", [])]) },
    "CEIL": { try $0.unary([("Ceil", [])]) },
    "ROUND": { try $0.unary([("Round", [])]) },
    "SIGN": { try $0.unary([("Sign", [])]) },
    "SQUARE": { try $0.square() },
    "CAST": { try $0.convert() },
    "QUANTIZE": { try $0.unary([]) },
    "DEQUANTIZE": { try $0.dequantization() },
    "FAKE_QUANT": { try $0.roundToSteps() },
    "DENSIFY": { if !$0.passConstant() { throw ZooError(.unsupported, "its input is not constant") } },
    "SOFTMAX": { try $0.softmax() },
    "LOG_SOFTMAX": { try $0.finish($0.step("LogSoftmax", [$0.plain(input: 0)], [.int("axis", -1)])) },
    "ZEROS_LIKE": { try $0.finish($0.step("Expand", [$0.zero($0.output().computedType), $0.shape(of: 0)])) },
    "RANDOM_UNIFORM": { try $0.random("RandomUniformLike") },
    "RANDOM_STANDARD_NORMAL": { try $0.random("RandomNormalLike") },
    "MULTINOMIAL": { try $0.draw() },
  ]

  /// Operators one after another on the only input, in the order of axes that is there.
  mutating func unary(_ steps: [(operatorType: String, attributes: [Attribute])]) throws {
    let isFirst = isChannelsFirst(0)
    var name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    for item in steps { name = step(item.operatorType, [name], item.attributes) }
    try finish(name, channelsFirst: isFirst)
  }

  private mutating func clip(_ least: Float, _ greatest: Float) throws {
    let isFirst = isChannelsFirst(0)
    let name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    try finish(step("Clip", [name, scalar(least), scalar(greatest)]), channelsFirst: isFirst)
  }

  private mutating func square() throws {
    let isFirst = isChannelsFirst(0)
    let name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    try finish(step("Mul", [name, name]), channelsFirst: isFirst)
  }

  /// Quantized values are real numbers already, and so are 16-bit constants.
  private mutating func dequantization() throws {
    if passConstant() { return }
    try unary(needInput(0).type == .float16 ? [("Cast", [.int("to", 1)])] : [])
  }

  private mutating func softmax() throws {
    let beta = try float(0, 1)
    let name = try plain(input: 0)
    try finish(step("Softmax", [beta == 1 ? name : step("Mul", [name, scalar(beta)])], [.int("axis", -1)]))
  }

  /// To the output's type; of complex numbers the real part.
  private mutating func convert() throws {
    if isComplex(0) { return try part(0) }
    try unary([("Cast", [.int("to", Int(output().type.rawValue))])])
  }

  /// Rounds real numbers to the steps that integers would have, of which zero is one.
  private mutating func roundToSteps() throws {
    let (least, greatest, bits) = (try float(0), try float(1), try option(2))
    guard (2...16).contains(bits), least <= 0, greatest >= 0, least < greatest, (greatest - least).isFinite else {
      throw ZooError(.badData, "no \(bits) bits can hold the numbers from \(least) to \(greatest)")
    }
    let (first, last) = (Float(try flag(3) ? 1 : 0), Float((1 << bits) - 1))
    let scale = (greatest - least) / (last - first)
    let zeroPoint = min(max(first - least / scale, first), last).rounded()
    let (low, high) = ((first - zeroPoint) * scale, (last - zeroPoint) * scale)
    let clipped = step("Clip", [try plain(input: 0), try scalar(low), try scalar(high)])
    let steps = step("Div", [step("Sub", [clipped, try scalar(low)]), try scalar(scale)])
    let whole = step("Floor", [step("Add", [steps, try scalar(0.5)])])
    try finish(step("Add", [step("Mul", [whole, try scalar(scale)]), try scalar(low)]))
  }

  /// Numbers of the shape that the input says, others than TensorFlow Lite's.
  private mutating func random(_ operatorType: String) throws {
    let shaped = step("Expand", [try scalar(0), try int64(input: 0)])
    try finish(step(operatorType, [shaped], [.int("dtype", Int(ElementType.float32.rawValue))]))
  }

  /// Rows' classes by chance, of logits.
  private mutating func draw() throws {
    guard let count = try integers(1).first, (1...1 << 24).contains(count) else {
      throw ZooError(.badData, "it draws no sensible number of samples")
    }
    let type = Int(try output().type.rawValue)
    try finish(step("Multinomial", [plain(input: 0)], [.int("sample_size", count), .int("dtype", type)]))
  }

  // MARK: Two inputs

  /// Both inputs of an operator that broadcasts, in one order of axes.
  mutating func operands() throws -> (names: [String], isFirst: Bool) {
    let inputs = [try needInput(0), try needInput(1)]
    let wantsFirst = try (isChannelsFirst(0) || isChannelsFirst(1)) && output().shape.count == 4
    // A value of fewer axes has no such order; a constant can take it.
    let canBeFirst = inputs.allSatisfy { $0.shape.count == 4 || $0.constant != nil && $0.shape.count < 4 }
    guard wantsFirst, canBeFirst else { return ([try plain(input: 0), try plain(input: 1)], false) }
    let names = try (0..<2).map { position -> String in
      let shape = inputs[position].shape
      if inputs[position].constant != nil {
        if shape.isEmpty { return try plain(input: position) }
        let whole = Array(repeating: 1, count: 4 - shape.count) + shape
        if let name = try constant(position, permutation: Self.channelsFirst, shape: whole) { return name }
      }
      return try channelsFirst(input: position)
    }
    return (names, true)
  }

  mutating func binary(_ operatorType: String, activation: Int = 0, then: String? = nil) throws {
    let (names, isFirst) = try operands()
    var result = step(operatorType, names)
    if let then { result = step(then, [result]) }
    try finish(activate(result, activation), channelsFirst: isFirst)
  }

  private mutating func squaredDifference() throws {
    let (names, isFirst) = try operands()
    let difference = step("Sub", names)
    try finish(step("Mul", [difference, difference]), channelsFirst: isFirst)
  }

  private var isFloat: Bool {
    get throws { try [.float32, .float16].contains(needInput(0).type) || needInput(0).isQuantized }
  }

  /// Rounds to the next lower whole number; ONNX's Div of integers rounds to zero.
  private mutating func floorDivision() throws {
    let (names, isFirst) = try operands()
    if try isFloat { return try finish(step("Floor", [step("Div", names)]), channelsFirst: isFirst) }
    let zero = try scalar(0, output().type)
    let isExact = step("Equal", [step("Mod", names), zero])
    let isNegative = step("Xor", [step("Less", [names[0], zero]), step("Less", [names[1], zero])])
    let isRoundedUp = step("And", [isNegative, step("Not", [isExact])])
    let one = step("Cast", [isRoundedUp], [.int("to", Int(try output().type.rawValue))])
    try finish(step("Sub", [step("Div", names), one]), channelsFirst: isFirst)
  }

  /// The remainder has the divisor's sign, as ONNX's Mod of integers has it.
  private mutating func floorRemainder() throws {
    let (names, isFirst) = try operands()
    guard try isFloat else { return try finish(step("Mod", names), channelsFirst: isFirst) }
    let whole = step("Mul", [step("Floor", [step("Div", names)]), names[1]])
    try finish(step("Sub", [names[0], whole]), channelsFirst: isFirst)
  }

  /// The angle of the point (second input, first input), in all quadrants.
  private mutating func angle() throws {
    let (names, isFirst) = try operands()
    let (y, x) = (names[0], names[1])
    let type = try output().computedType
    func number(_ value: Double) throws -> String { try scalar(value, type) }
    let (zero, turn) = (try number(0), try number(.pi))
    // 1 / x tells zeros with a sign apart.
    func isNegative(_ name: String) -> String {
      let zeros = step("And", [step("Equal", [name, zero]), step("Less", [step("Reciprocal", [name]), zero])])
      return step("Or", [step("Less", [name, zero]), zeros])
    }
    let isOrigin = step("And", [step("Equal", [y, zero]), step("Equal", [x, zero])])
    let areInfinite = step("And", [step("IsInf", [y]), step("IsInf", [x])])
    let sign = step("Mul", [step("Sign", [y]), step("Sign", [x])])
    let quotient = step("Where", [areInfinite, sign, step("Div", [y, x])])
    let angle = step("Where", [isOrigin, y, step("Atan", [quotient])])
    let half = step("Where", [isNegative(y), step("Neg", [turn]), turn])
    try finish(step("Where", [isNegative(x), step("Add", [angle, half]), angle]), channelsFirst: isFirst)
  }

  private mutating func addAll() throws {
    let names = try plainInputs()
    guard !names.isEmpty else { throw ZooError(.badData, "it has no inputs") }
    try finish(step("Sum", names))
  }

  /// By elements, or by the first axis where the condition has only that.
  private mutating func select(byRows: Bool) throws {
    let (condition, rank) = (try needInput(0), try needInput(1).shape.count)
    var name = try plain(input: 0)
    if byRows, condition.shape.count == 1, rank > 1 {
      name = step("Reshape", [name, try list([-1] + Array(repeating: 1, count: rank - 1))])
    }
    try finish(step("Where", [name, plain(input: 1), plain(input: 2)]))
  }
}
