import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Adam (Kingma and Ba 2015).
  static func adam(_ host: ZooHost) -> any Operator { OptimizerOperator<Adam>() }
}

/// The states are averages of gradients, and of squared ones.
private struct Adam: OptimizerRule {
  static let name = "Adam"
  static let stateCount = 2

  private let alpha, beta, epsilon, norm, normAfter: Float

  init(_ attributes: Attributes) throws {
    alpha = try attributes.float("alpha") ?? 0.9
    beta = try attributes.float("beta") ?? 0.999
    epsilon = try attributes.float("epsilon") ?? 1e-6
    norm = try attributes.float("norm_coefficient") ?? 0
    normAfter = try attributes.float("norm_coefficient_post") ?? 0
  }

  func rate(_ rate: Double, count: Int) -> Double {
    count > 0 ? rate * (1 - power(beta, count)).squareRoot() / (1 - power(alpha, count)) : rate
  }

  func update<Number: BinaryFloatingPoint>(_ element: inout OptimizerElement<Number>, rate: Number, isFirst: Bool) {
    let (alpha, beta) = (Number(alpha), Number(beta))
    let gradient = Number(norm) * element.value + element.gradient
    element.state = alpha * element.state + (1 - alpha) * gradient
    element.secondState = beta * element.secondState + (1 - beta) * gradient * gradient
    element.value -= rate * element.state / (element.secondState.squareRoot() + Number(epsilon))
    element.value *= 1 - Number(normAfter)
  }

  private func power(_ base: Float, _ exponent: Int) -> Double {
    var (base, exponent, result) = (Double(base), Double(exponent), 0.0)
    _ = zs_typed_binary(ElementType.float64.rawValue, ZS_POW.code, &base, 0, &exponent, 0, &result, 1)
    return result
  }
}
