import ZooCore

extension FunctionBody {
  /// `value` after the activation that an attribute names; a name that is missing or empty is none.
  ///
  /// - Parameter parameters: The activation's numbers, in the order of ONNX's attributes or inputs.
  mutating func activated(_ value: Value, _ name: String?, _ parameters: [Float]) throws -> Value {
    guard let name, !name.isEmpty else { return value }
    if name == "Clip" {
      let bounds = try parameters.map { try number(Double($0)) }
      return self("Clip", value, bounds.first, bounds.dropFirst().first)
    }
    guard let names = Self.activations[name] else {
      throw ZooError(.unsupported, "the activation \"\(name)\" is not known", at: node.node.label)
    }
    let attributes = zip(names, parameters).map { Attribute($0, .float($1)) }
    return add(name, [value], outputs: 1, attributes)[0]
  }

  /// Attributes of the operators that serve as activations.
  private static let activations: [String: [String]] = [
    "Elu": ["alpha"], "HardSigmoid": ["alpha", "beta"], "HardSwish": [], "LeakyRelu": ["alpha"], "Relu": [],
    "Selu": ["alpha", "gamma"], "Sigmoid": [], "Softplus": [], "Softsign": [], "Tanh": [],
    "ThresholdedRelu": ["alpha"],
  ]
}
