extension OperatorDeclaration {
  /// ONNX's Adagrad, Adam and Momentum: a step of training. Behind a rate and a count, inputs are all tensors, then all their
  /// gradients, then their states; outputs are the new tensors, then their new states.
  static func optimizer(_ name: String, states: Int) -> OperatorDeclaration {
    passing(name, domain: "ai.onnx.preview.training") { node in
      let count = node.inputs.count - 2
      try node.require(
        count >= 0 && count % (states + 2) == 0,
        "\(max(count, 0)) tensors are not \(states + 2) for each that is trained")
      let trained = count / (states + 2)
      return Array(2..<2 + trained) + Array(2 + 2 * trained..<2 + count)
    }
  }

  /// ONNX Gradient: derivatives of a value of the graph, one for each tensor that `xs` names.
  static let gradient = passing("Gradient", domain: "ai.onnx.preview.training") { node in
    guard let names = try node.texts("xs") else { throw node.invalid("attribute xs is missing") }
    try node.require(names.count <= node.inputs.count, "\(names.count) tensors in xs, but \(node.inputs.count) inputs")
    return Array(names.indices)
  }

  /// An operator whose outputs are of the types and shapes of some of its inputs.
  private static func passing(
    _ name: String, domain: String, _ sources: @escaping @Sendable (Inference) throws -> [Int]
  ) -> OperatorDeclaration {
    OperatorDeclaration(
      name, domain: domain, types: { node in try sources(node).map { node.inputs[$0]?.kind } }
    ) { node in try sources(node).map { node.inputs[$0]?.shape } }
  }
}
