extension OperatorDeclaration {
  /// ONNX Bernoulli: 1 with the probability that the input says, else 0.
  static let bernoulli = OperatorDeclaration(
    "Bernoulli", .random, types: { node in [.tensor(try node.elementType("dtype") ?? node.elementType(0))] }
  ) { node in [try node.shape(0)] }
}
