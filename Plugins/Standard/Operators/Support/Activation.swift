import CStandardKernels
import PluginSupport
import ZooPlugin

extension zs_compare { var code: Int32 { Int32(rawValue) } }

/// An elementwise function of one float32 with its parameters.
struct Activation: Sendable, Equatable {
  var code: Int32
  var a: Float = 0
  var b: Float = 0

  static let identity = Activation(code: ZS_IDENTITY.code)

  init(code: Int32, a: Float = 0, b: Float = 0) {
    self.code = code
    self.a = a
    self.b = b
  }

  /// What `step` applies to the value so far; `nil` where that is not a function of it alone.
  init?(_ step: Step, in node: Node) {
    guard step.operands.first == .some(nil) else { return nil }
    let attributes = step.attributes
    func float(_ name: String, _ standard: Float) -> Float? {
      guard let value = try? attributes.float(name) ?? standard else { return nil }
      return value
    }
    switch step.operatorType {
    case "Relu": self.init(code: ZS_RELU.code)
    case "Sigmoid": self.init(code: ZS_SIGMOID.code)
    case "Tanh": self.init(code: ZS_TANH.code)
    case "HardSwish": self.init(code: ZS_HARD_SWISH.code)
    case "LeakyRelu":
      guard let alpha = float("alpha", 0.01) else { return nil }
      self.init(code: ZS_LEAKY_RELU.code, a: alpha)
    case "Gelu":
      let approximation = (try? attributes.string("approximate")) ?? "none"
      self.init(code: approximation == "tanh" ? ZS_GELU_TANH.code : ZS_GELU.code)
    case "Clip":
      guard var low = float("min", -.infinity), var high = float("max", .infinity) else { return nil }
      for (place, operand) in step.operands.enumerated().dropFirst() {
        guard let operand, let bound = node.optionalInput(operand) else { continue }
        guard bound.type == .float32, bound.count == 1, let data = bound.data else { return nil }
        let value = data.assumingMemoryBound(to: Float.self).pointee
        if place == 1 { low = value } else { high = value }
      }
      self.init(code: ZS_CLIP.code, a: low, b: high)
    default: return nil
    }
  }

  /// Whether zero stays zero, so that blocked padding does.
  var keepsZero: Bool {
    let zeroes: [zs_unary] = [
      ZS_IDENTITY, ZS_RELU, ZS_LEAKY_RELU, ZS_TANH, ZS_ELU, ZS_SELU, ZS_SOFTSIGN, ZS_HARD_SWISH, ZS_MISH, ZS_GELU,
      ZS_GELU_TANH, ZS_SWISH, ZS_ERF, ZS_SQRT, ZS_ABS, ZS_NEG, ZS_FLOOR, ZS_CEIL, ZS_ROUND, ZS_SIGN, ZS_CELU,
    ]
    if code == ZS_CLIP.code { return a <= 0 && b >= 0 }
    if code == ZS_THRESHOLDED_RELU.code { return true }
    return zeroes.contains { $0.code == code }
  }

  /// The activation that is the whole epilogue of `node`; `nil` for any other epilogue.
  static func only(of node: Node) -> Activation? {
    let steps = node.epilogue
    if steps.isEmpty { return .identity }
    return steps.count == 1 ? Activation(steps[0], in: node) : nil
  }

  /// As `only`, for a node that the host has built from steps that were accepted.
  static func required(of node: Node) throws -> Activation {
    guard let activation = only(of: node) else {
      throw OperatorError("the steps folded onto the node are not supported", kind: .unsupported)
    }
    return activation
  }
}
