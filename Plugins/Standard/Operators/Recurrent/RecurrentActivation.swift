import CStandardKernels
import PluginSupport
import ZooPlugin

/// An activation function of ONNX's recurrent operators.
struct RecurrentActivation: Sendable {
  private enum Form: Sendable {
    case unary(Int32, Float, Float)
    case affine(Float, Float)
    case scaledTanh(Float, Float)
  }
  private let form: Form

  /// - Parameters:
  ///   - alphas: from which the function takes its `alpha`, if it has one; likewise `betas`.
  init(_ name: String, alphas: inout ArraySlice<Float>, betas: inout ArraySlice<Float>) throws {
    func alpha(_ standard: Float) -> Float { alphas.popFirst() ?? standard }
    func beta(_ standard: Float) -> Float { betas.popFirst() ?? standard }
    switch name.lowercased() {
    case "sigmoid": form = .unary(ZS_SIGMOID.code, 0, 0)
    case "tanh": form = .unary(ZS_TANH.code, 0, 0)
    case "relu": form = .unary(ZS_RELU.code, 0, 0)
    case "softsign": form = .unary(ZS_SOFTSIGN.code, 0, 0)
    case "softplus": form = .unary(ZS_SOFTPLUS.code, 0, 0)
    case "leakyrelu": form = .unary(ZS_LEAKY_RELU.code, alpha(0.01), 0)
    case "thresholdedrelu": form = .unary(ZS_THRESHOLDED_RELU.code, alpha(1), 0)
    case "elu": form = .unary(ZS_ELU.code, alpha(1), 0)
    case "hardsigmoid": form = .unary(ZS_HARD_SIGMOID.code, alpha(0.2), beta(0.5))
    case "affine": form = .affine(alpha(1), beta(0))
    case "scaledtanh": form = .scaledTanh(alpha(1), beta(1))
    default: throw OperatorError("the activation \"\(name)\" is unknown")
    }
  }

  /// Replaces `count` values by the function of each.
  func apply(_ x: UnsafeMutablePointer<Float>, _ count: Int, _ kernels: VectorKernels) {
    switch form {
    case .unary(let code, let a, let b): kernels.raw.unary(code, x, x, count, a, b)
    case .affine(let scale, let shift): kernels.raw.affine(x, x, count, scale, shift)
    case .scaledTanh(let scale, let inner):
      kernels.raw.affine(x, x, count, inner, 0)
      kernels.raw.unary(ZS_TANH.code, x, x, count, 0, 0)
      kernels.raw.affine(x, x, count, scale, 0)
    }
  }
}
