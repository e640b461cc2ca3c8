import GraphWriter
import ZooCore

/// "Dynamic range": weights are integers of eight bits, values between the operators are real. Before it multiplies, the
/// interpreter rounds such a value to eight bits too, each row over its own range (AsymmetricQuantizeFloats and
/// SymmetricQuantizeFloats of TensorFlow Lite's tensor_utils). Standard operators do the same here.
extension LiteConverter {
  enum Rounding {
    /// To 256 steps from the least number to the greatest, zero being one of them.
    case asymmetric
    /// To 127 steps on each side of zero.
    case symmetric
  }

  struct RoundedValue: Hashable {
    var name: String
    var rounding: Rounding
  }

  /// Whether an operator computes with integers although its input is real. Its weights are the input 1.
  private func isHybrid(input: Int) throws -> Bool {
    let (value, weight) = (try needInput(input), try needInput(1))
    return value.type == .float32 && weight.constant != nil && weight.isQuantized && weight.type != .int16
  }

  /// What a convolution takes for its input `name`, whose first axis is the batch. It rounds symmetrically where one scale
  /// belongs to all its weights.
  mutating func convolved(_ name: String, input: Int) throws -> String {
    guard try isHybrid(input: input), let scales = try needInput(1).quantization?.scales else { return name }
    return try rounded(name, scales.count > 1 ? .asymmetric : .symmetric, rank: needInput(input).shape.count)
  }

  /// What a product takes for its left operand `name` of `rank` axes, whose rows have `extent` numbers.
  mutating func multiplied(_ name: String, rank: Int, extent: Int, isAsymmetric: Bool) throws -> String {
    guard try isHybrid(input: 0) else { return name }
    let rounding: Rounding = isAsymmetric ? .asymmetric : .symmetric
    guard rank != 2 else { return try rounded(name, rounding, rank: rank) }
    let rows = try rounded(step("Reshape", [name, list([-1, extent])]), rounding, rank: 2)
    return step("Reshape", [rows, step("Shape", [name])])
  }

  /// `name` with the numbers of each element of the first axis rounded to eight bits.
  private mutating func rounded(_ name: String, _ rounding: Rounding, rank: Int) throws -> String {
    let key = RoundedValue(name: name, rounding: rounding)
    if let known = roundedValues[key] { return known }
    let axes = try list(Array(1..<rank))
    func reduced(_ operatorType: String, _ name: String) -> String {
      step(operatorType, [name, axes], [.int("keepdims", 0)])
    }
    // A row of zeros stays one with any scale but zero.
    let least = try scalar(.leastNormalMagnitude)
    let (scale, zeroPoint): (String, String)
    switch rounding {
    case .asymmetric:
      let zero = try scalar(0)
      let low = step("Min", [reduced("ReduceMin", name), zero])
      let high = step("Max", [reduced("ReduceMax", name), zero])
      scale = step("Max", [step("Div", [step("Sub", [high, low]), try scalar(255)]), least])
      let distance = step("Round", [step("Div", [step("Neg", [low]), scale])])
      zeroPoint = step("Cast", [distance], [.int("to", Int(ElementType.uint8.rawValue))])
    case .symmetric:
      let bound = reduced("ReduceMax", step("Abs", [name]))
      scale = step("Max", [step("Div", [bound, try scalar(127)]), least])
      zeroPoint = step("Cast", [step("Sub", [scale, scale])], [.int("to", Int(ElementType.int8.rawValue))])
    }
    let integers = step("QuantizeLinear", [name, scale, zeroPoint], [.int("axis", 0)])
    let result = step("DequantizeLinear", [integers, scale, zeroPoint], [.int("axis", 0)])
    roundedValues[key] = result
    return result
  }
}
