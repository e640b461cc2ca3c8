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
    guard OperatorCatalogue.activationNames.contains(name),
      let schema = OperatorHistory.schema(name, at: Self.opset)
    else { throw ZooError(.unsupported, "the activation \"\(name)\" is not known", at: node.node.label) }
    let names = schema.attributes.filter { $0.value.holds(.float(0)) }.keys.sorted()
    return add(name, [value], outputs: 1, zip(names, parameters).map { Attribute($0, .float($1)) })[0]
  }
}
