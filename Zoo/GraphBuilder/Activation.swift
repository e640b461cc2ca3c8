import ZooCore

/// What feed-forward networks and classifiers have between their layers.
package enum Activation: Sendable, Hashable {
  case identity, relu, sigmoid, tanh
  /// Hendrycks and Gimpel 2016: exact, and with their approximations by tanh and by the logistic function.
  case gelu, tanhGelu, sigmoidGelu
  /// x · sigmoid(x)
  case silu
}

extension GraphBuilder {
  /// The function of each element.
  package mutating func activation(_ value: Value, _ name: String, _ activation: Activation) throws -> Value {
    switch activation {
    case .identity: return value
    case .relu: return relu(value, name)
    case .sigmoid: return node("Sigmoid", name, [value])
    case .tanh: return node("Tanh", name, [value])
    case .gelu: return node("Gelu", name, [value])
    case .tanhGelu: return node("Gelu", name, [value], [.text("approximate", "tanh")])
    case .silu: return node("Mul", name, [value, node("Sigmoid", "\(name).gate", [value])])
    case .sigmoidGelu:
      let scaled = node("Mul", "\(name).scaled", [value, try constant(1.702, "sigmoid_gelu.factor")])
      return node("Mul", name, [value, node("Sigmoid", "\(name).gate", [scaled])])
    }
  }
}
