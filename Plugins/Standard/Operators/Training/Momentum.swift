import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Momentum: a step of gradient descent with momentum, Nesterov's or the plain one.
  static func momentum(_ host: ZooHost) -> any Operator { OptimizerOperator<Momentum>() }
}

/// The state is the momentum.
private struct Momentum: OptimizerRule {
  static let name = "Momentum"
  static let stateCount = 1

  private let alpha, beta, norm: Float
  private let isNesterov: Bool

  init(_ attributes: Attributes) throws {
    func required(_ name: String) throws -> Float {
      guard let value = try attributes.float(name) else { throw OperatorError("attribute \(name) is missing") }
      return value
    }
    (alpha, beta, norm) = (try required("alpha"), try required("beta"), try required("norm_coefficient"))
    switch try attributes.string("mode") {
    case "nesterov": isNesterov = true
    case "standard": isNesterov = false
    case let other: throw OperatorError("mode is \"\(other ?? "")\", not nesterov or standard")
    }
  }

  func rate(_ rate: Double, count: Int) -> Double { rate }

  func update<Number: BinaryFloatingPoint>(_ element: inout OptimizerElement<Number>, rate: Number, isFirst: Bool) {
    let gradient = Number(norm) * element.value + element.gradient
    element.state = Number(alpha) * element.state + (isFirst ? 1 : Number(beta)) * gradient
    element.value -= rate * (isNesterov ? gradient + Number(alpha) * element.state : element.state)
  }
}
