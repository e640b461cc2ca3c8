import CConvKernels
import PluginSupport
import ZooPlugin

/// The elementwise operators that a convolution applies to its sums: at most one residual Add and one activation, in
/// either order.
struct Epilogue {
  var raw = conv_epilogue(activation: Int32(CONV_IDENTITY), residual: Int32(CONV_RESIDUAL_NONE), a: 0, b: 0)
  /// The node's input that is added.
  var residual: Int?

  private var hasActivation: Bool { raw.activation != Int32(CONV_IDENTITY) }

  init() {}

  /// - Throws: `OperatorError` for a step that `append` refuses.
  init(_ node: Node, outputShape: [Int]) throws {
    for step in node.epilogue where try !append(step, in: node, outputShape: outputShape) {
      throw OperatorError("the step \(step.operatorType) can't be fused here", kind: .unsupported)
    }
  }

  /// Adds `step` at the end; `false` where this convolution can't apply it.
  mutating func append(_ step: Step, in node: Node, outputShape: [Int]) throws -> Bool {
    let operands = step.operands
    if step.operatorType == "Add" {
      let others = operands.compactMap { $0 }
      guard operands.count == 2, others.count == 1, residual == nil,
        let operand = node.optionalInput(others[0]), operand.type == .float32, operand.shape == outputShape
      else { return false }
      residual = others[0]
      raw.residual = Int32(hasActivation ? CONV_RESIDUAL_AFTER_ACTIVATION : CONV_RESIDUAL_BEFORE_ACTIVATION)
      return true
    }
    guard !hasActivation, raw.residual != Int32(CONV_RESIDUAL_AFTER_ACTIVATION), operands.first == .some(nil),
      operands.dropFirst().allSatisfy({ $0 != nil })
    else { return false }
    if step.operatorType == "Clip" { return try appendClip(step, in: node) }
    guard operands.count == 1 else { return false }
    let attributes = step.attributes
    switch step.operatorType {
    case "Relu": raw.activation = Int32(CONV_RELU)
    case "LeakyRelu":
      raw.activation = Int32(CONV_LEAKY_RELU)
      raw.a = try attributes.float("alpha") ?? 0.01
    case "Sigmoid": raw.activation = Int32(CONV_SIGMOID)
    case "Tanh": raw.activation = Int32(CONV_TANH)
    case "HardSigmoid":
      raw.activation = Int32(CONV_HARD_SIGMOID)
      raw.a = try attributes.float("alpha") ?? 0.2
      raw.b = try attributes.float("beta") ?? 0.5
    case "HardSwish": raw.activation = Int32(CONV_HARD_SWISH)
    default: return false
    }
    return true
  }

  /// Bounds are attributes before opset 11 and constant operands since.
  private mutating func appendClip(_ step: Step, in node: Node) throws -> Bool {
    var bounds: [Float] = [
      try step.attributes.float("min") ?? -.infinity, try step.attributes.float("max") ?? .infinity,
    ]
    guard step.operands.count <= 3 else { return false }
    for (index, operand) in step.operands.dropFirst().enumerated() {
      guard let operand, let bound = node.optionalInput(operand) else { continue }
      guard bound.type == .float32, bound.count == 1, bound.data != nil else { return false }
      bounds[index] = bound.pointer(as: Float.self)[0]
    }
    raw.activation = Int32(CONV_CLIP)
    raw.a = bounds[0]
    raw.b = bounds[1]
    return true
  }
}
