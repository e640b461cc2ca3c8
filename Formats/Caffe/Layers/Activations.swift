import GraphWriter
import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension NetworkBuilder {
  mutating func relu() throws {
    let slope = try layer.message.message("relu_param").float("negative_slope") ?? 0
    try finish([
      slope == 0 ? Step(operatorType: "Relu") : Step(operatorType: "LeakyRelu", attributes: [.float("alpha", slope)])
    ])
  }

  /// A slope for each channel, or one for all.
  mutating func parametricRelu() throws {
    let shape = try bottom().shape
    let isShared = try layer.message.message("prelu_param").bool("channel_shared") ?? false
    guard shape.count >= 2 else { throw ZooError(.badData, "it can't take a blob of shape \(shape)") }
    let slopes = isShared ? [1] : [shape[1]] + Array(repeating: 1, count: shape.count - 2)
    try finish([Step(operatorType: "PRelu", operand: constant(try layer.weight(0, slopes), "slope"))])
  }

  mutating func clip(least: Float, greatest: Float) throws {
    let bottom = try bottom()
    try finish("Clip", [bottom.name, scalar(least, "min"), scalar(greatest, "max")], shape: bottom.shape)
  }

  /// x · sigmoid(β·x)
  mutating func swish() throws {
    let bottom = try bottom()
    let beta = try layer.message.message("swish_param").float("beta") ?? 1
    let scaled = beta == 1 ? bottom.name : step("Mul", [bottom.name, try scalar(beta, "beta")])
    try finish("Mul", [bottom.name, step("Sigmoid", [scaled])], shape: bottom.shape)
  }

  /// 1 where the input is greater, 0 elsewhere.
  mutating func threshold() throws {
    let bottom = try bottom()
    let threshold = try scalar(layer.message.message("threshold_param").float("threshold") ?? 0, "threshold")
    try finish("Cast", [step("Greater", [bottom.name, threshold])], [.int("to", 1)], shape: bottom.shape)
  }

  /// (shift + scale·x)^power
  mutating func power() throws {
    let parameter = try layer.message.message("power_param")
    let power = try parameter.float("power") ?? 1
    var steps = try linear(parameter)
    if power != 1 { steps.append(Step(operatorType: "Pow", operand: try scalar(power, "power"))) }
    try finish(steps)
  }

  /// base^(shift + scale·x); e where the base is -1.
  mutating func exponential() throws {
    let parameter = try layer.message.message("exp_param")
    let factor = try logarithmOfBase(parameter)
    var steps = try linear(parameter)
    if factor != 1 { steps.append(Step(operatorType: "Mul", operand: try scalar(factor, "log_base"))) }
    try finish(steps + [Step(operatorType: "Exp")])
  }

  /// The logarithm of shift + scale·x.
  mutating func logarithm() throws {
    let parameter = try layer.message.message("log_param")
    let factor = try logarithmOfBase(parameter)
    guard factor != 0 else { throw ZooError(.badData, "there are no logarithms to the base 1") }
    var steps = try linear(parameter) + [Step(operatorType: "Log")]
    if factor != 1 { steps.append(Step(operatorType: "Mul", operand: try scalar(1 / factor, "log_base"))) }
    try finish(steps)
  }

  private func logarithmOfBase(_ parameter: TextMessage) throws -> Float {
    let base = try parameter.float("base") ?? -1
    guard base == -1 || base > 0 else { throw ZooError(.badData, "the base is \(base)") }
    return base == -1 ? 1 : log(base)
  }

  private mutating func linear(_ parameter: TextMessage) throws -> [Step] {
    let (scale, shift) = (try parameter.float("scale") ?? 1, try parameter.float("shift") ?? 0)
    var steps: [Step] = []
    if scale != 1 { steps.append(Step(operatorType: "Mul", operand: try scalar(scale, "scale"))) }
    if shift != 0 { steps.append(Step(operatorType: "Add", operand: try scalar(shift, "shift"))) }
    return steps
  }

  mutating func softmax() throws {
    let bottom = try bottom()
    let axis = try axis(layer.message.message("softmax_param").int("axis") ?? 1, rank: bottom.shape.count)
    if axis == 0 { fixBatch() }
    try finish([Step(operatorType: "Softmax", attributes: [.int("axis", axis)])])
  }
}
