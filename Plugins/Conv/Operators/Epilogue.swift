import CConvKernels
import CVectorKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// The elementwise operators that a convolution applies to its sums: at most one residual Add and one activation, in
/// either order. One of bytes may also be rounded before anything is added, add what is held in bytes, and give bytes.
struct Epilogue {
  var raw = conv_epilogue(activation: ZS_IDENTITY.code, residual: Int32(CONV_RESIDUAL_NONE), a: 0, b: 0)
  /// The node's input that is added.
  var residual: Int?
  /// What sums are rounded to at once, what the residual is held in, and the results.
  private(set) var rounded = conv_bytes(), residualNumbers = conv_bytes(), output = conv_bytes()

  private var hasActivation: Bool { raw.activation != ZS_IDENTITY.code }

  init() {}

  /// - Throws: `OperatorError` for a step that `append` refuses.
  init(_ node: Node, _ geometry: ConvGeometry) throws {
    for step in node.epilogue where try !append(step, in: node, geometry) {
      throw OperatorError("the step \(step.operatorType) can't be fused here", kind: .unsupported)
    }
  }

  /// Adds `step` at the end; `false` where this convolution can't apply it.
  mutating func append(_ step: Step, in node: Node, _ geometry: ConvGeometry) throws -> Bool {
    guard output.type == 0 else { return false }
    let operands = step.operands
    let outputShape = geometry.outputShape
    if geometry.type != .float32, let step = ByteStep(step, in: node, shape: outputShape) { return append(step) }
    if step.operatorType == "Add" {
      let others = operands.compactMap { $0 }
      guard operands.count == 2, others.count == 1, residual == nil,
        let operand = node.optionalInput(others[0]), operand.type == .float32, operand.shape == outputShape
      else { return false }
      add(others[0])
      return true
    }
    guard !hasActivation, raw.residual != Int32(CONV_RESIDUAL_AFTER_ACTIVATION),
      let activation = Activation(step, in: node)
    else { return false }
    (raw.activation, raw.a, raw.b) = (activation.code, activation.a, activation.b)
    return true
  }

  /// What only convolutions of bytes do.
  private mutating func append(_ step: ByteStep) -> Bool {
    switch step {
    case .rounded(let numbers):
      guard !hasActivation, residual == nil, rounded.type == 0 else { return false }
      rounded = conv_bytes(numbers)
    case .combined(let code, let input, let numbers):
      guard code.code == ZS_ADD.code, residual == nil else { return false }
      add(input)
      residualNumbers = conv_bytes(numbers)
    case .quantized(let numbers): output = conv_bytes(numbers)
    }
    return true
  }

  private mutating func add(_ input: Int) {
    residual = input
    raw.residual = Int32(hasActivation ? CONV_RESIDUAL_AFTER_ACTIVATION : CONV_RESIDUAL_BEFORE_ACTIVATION)
  }
}

extension conv_bytes {
  /// The numbers that one scale and one zero point stand for; `nil` where they are not known, or more than one.
  init?(_ node: Node, scale: Int, zero: Int) {
    guard let steps = zs_steps(node, scale: scale, zero: zero) else { return nil }
    self.init(steps)
  }

  init(_ steps: zs_steps) {
    let type = steps.low < 0 ? CONV_INT8 : CONV_UINT8
    self.init(type: Int32(type), zero: Int32(steps.zero), scale: steps.scale, reserved: 0)
  }
}
