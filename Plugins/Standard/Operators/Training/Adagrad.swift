import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Adagrad (Duchi et al. 2011).
  static func adagrad(_ host: ZooHost) -> any Operator { OptimizerOperator<Adagrad>() }
}

/// The state is the sum of squared gradients.
private struct Adagrad: OptimizerRule {
  static let name = "Adagrad"
  static let stateCount = 1

  private let epsilon, norm, decay: Float

  init(_ attributes: Attributes) throws {
    epsilon = try attributes.float("epsilon") ?? 1e-6
    norm = try attributes.float("norm_coefficient") ?? 0
    decay = try attributes.float("decay_factor") ?? 0
  }

  func rate(_ rate: Double, count: Int) -> Double { rate / (1 + Double(count) * Double(decay)) }

  func update<Number: BinaryFloatingPoint>(_ element: inout OptimizerElement<Number>, rate: Number, isFirst: Bool) {
    let gradient = Number(norm) * element.value + element.gradient
    element.state += gradient * gradient
    element.value -= rate * gradient / (element.state.squareRoot() + Number(epsilon))
  }
}
