import ZooCore

extension OperatorDeclaration {
  /// ONNX OptionalHasElement: whether there is a value.
  static let optionalHasElement = OperatorDeclaration(
    "OptionalHasElement",
    facts: { node in
      // What is left out has no value, and what is not optional has one.
      guard node.has(0) else { return [ValueFacts(StoredTensor(try Tensor([false], shape: [])))] }
      switch try node.facts(0).kind {
      case nil, .optional: return [ValueFacts(.bool, [])]
      default: return [ValueFacts(StoredTensor(try Tensor([true], shape: [])))]
      }
    })
}
