import CConvKernels
import CVectorKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// The elementwise operators that a convolution applies to its sums: at most one residual Add and one activation, in
/// either order.
struct Epilogue {
  var raw = conv_epilogue(activation: ZS_IDENTITY.code, residual: Int32(CONV_RESIDUAL_NONE), a: 0, b: 0)
  /// The node's input that is added.
  var residual: Int?

  private var hasActivation: Bool { raw.activation != ZS_IDENTITY.code }

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
    guard !hasActivation, raw.residual != Int32(CONV_RESIDUAL_AFTER_ACTIVATION),
      let activation = Activation(step, in: node)
    else { return false }
    (raw.activation, raw.a, raw.b) = (activation.code, activation.a, activation.b)
    return true
  }
}
