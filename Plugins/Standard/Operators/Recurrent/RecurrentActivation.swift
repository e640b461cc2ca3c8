import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// An activation function of ONNX's recurrent operators.
struct RecurrentActivation: Sendable {
  private enum Form: Sendable {
    case unary(Activation)
    case affine(Float, Float)
    case scaledTanh(Float, Float)
  }
  private let form: Form

  /// - Parameters:
  ///   - alphas: from which the function takes its `alpha`, if it has one; likewise `betas`.
  init(_ name: String, alphas: inout ArraySlice<Float>, betas: inout ArraySlice<Float>) throws {
    let name = name.lowercased()
    switch name {
    case "affine": form = .affine(alphas.popFirst() ?? 1, betas.popFirst() ?? 0)
    case "scaledtanh": form = .scaledTanh(alphas.popFirst() ?? 1, betas.popFirst() ?? 1)
    default:
      guard let function = UnaryFunction.all.last(where: { $0.name.lowercased() == name }), function.isOfFloats else {
        throw OperatorError("the activation \"\(name)\" is unknown")
      }
      form = .unary(
        function.activation { parameter in
          switch parameter.name {
          case "alpha": alphas.popFirst()
          case "beta": betas.popFirst()
          default: nil
          }
        })
    }
  }

  /// Replaces `count` values by the function of each.
  func apply(_ x: UnsafeMutablePointer<Float>, _ count: Int, _ kernels: VectorKernels) {
    switch form {
    case .unary(let f): kernels.raw.unary(f.code, x, x, count, f.a, f.b)
    case .affine(let scale, let shift): kernels.raw.affine(x, x, count, scale, shift)
    case .scaledTanh(let scale, let inner):
      kernels.raw.affine(x, x, count, inner, 0)
      kernels.raw.unary(ZS_TANH.code, x, x, count, 0, 0)
      kernels.raw.affine(x, x, count, scale, 0)
    }
  }
}
