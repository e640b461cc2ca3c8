import GraphWriter
import ZooCore

extension LiteConverter {
  /// Operators one after another on the only input, in the order of axes that is there.
  mutating func unary(_ steps: [(operatorType: String, attributes: [Attribute])]) throws {
    let isFirst = isChannelsFirst(0)
    var name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    for item in steps { name = step(item.operatorType, [name], item.attributes) }
    try finish(name, channelsFirst: isFirst)
  }

  mutating func clip(_ least: Float, _ greatest: Float) throws {
    let isFirst = isChannelsFirst(0)
    let name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    try finish(step("Clip", [name, scalar(least), scalar(greatest)]), channelsFirst: isFirst)
  }

  mutating func square() throws {
    let isFirst = isChannelsFirst(0)
    let name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    try finish(step("Mul", [name, name]), channelsFirst: isFirst)
  }

  /// Quantized values are real numbers already, and so are 16-bit constants.
  mutating func dequantization() throws {
    if passConstant() { return }
    try unary(needInput(0).type == .float16 ? [("Cast", [.int("to", 1)])] : [])
  }

  mutating func softmax() throws {
    let beta = try float(0, 1)
    let name = try plain(input: 0)
    try finish(step("Softmax", [beta == 1 ? name : step("Mul", [name, scalar(beta)])], [.int("axis", -1)]))
  }

  mutating func lastAxis(_ operatorType: String) throws {
    try finish(step(operatorType, [plain(input: 0)], [.int("axis", -1)]))
  }

  // MARK: Two inputs

  /// Both inputs of an operator that broadcasts, in one order of axes.
  private mutating func operands() throws -> (names: [String], isFirst: Bool) {
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

  mutating func squaredDifference() throws {
    let (names, isFirst) = try operands()
    let difference = step("Sub", names)
    try finish(step("Mul", [difference, difference]), channelsFirst: isFirst)
  }

  private var isFloat: Bool {
    get throws { try [.float32, .float16].contains(needInput(0).type) || needInput(0).isQuantized }
  }

  /// Rounds to the next lower whole number; ONNX's Div of integers rounds to zero.
  mutating func floorDivision() throws {
    let (names, isFirst) = try operands()
    if try isFloat { return try finish(step("Floor", [step("Div", names)]), channelsFirst: isFirst) }
    let remainder = step("Mod", names)
    try finish(step("Div", [step("Sub", [names[0], remainder]), names[1]]), channelsFirst: isFirst)
  }

  /// The remainder has the divisor's sign, as ONNX's Mod of integers has it.
  mutating func floorRemainder() throws {
    let (names, isFirst) = try operands()
    guard try isFloat else { return try finish(step("Mod", names), channelsFirst: isFirst) }
    let whole = step("Mul", [step("Floor", [step("Div", names)]), names[1]])
    try finish(step("Sub", [names[0], whole]), channelsFirst: isFirst)
  }

  mutating func addAll() throws {
    let names = try current.inputs.indices.map { try plain(input: $0) }
    guard !names.isEmpty else { throw ZooError(.badData, "it has no inputs") }
    try finish(step("Sum", names))
  }

  mutating func select() throws {
    let shapes = [try needInput(0).shape, try needInput(1).shape]
    guard OperatorCodes.name(current.code) == "SELECT_V2" || shapes[0].count == shapes[1].count || shapes[0].isEmpty
    else { throw ZooError(.unsupported, "a choice by rows") }
    try finish(step("Where", [plain(input: 0), plain(input: 1), plain(input: 2)]))
  }
}
