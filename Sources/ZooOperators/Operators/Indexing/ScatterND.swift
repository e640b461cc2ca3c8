extension OperatorDeclaration {
  /// ONNX ScatterND: a copy with slices replaced, or combined with updates.
  static let scatterND = OperatorDeclaration("ScatterND", .keepsZero) { node in
    try node.checkReduction()
    let shape = try node.shape(0)
    guard let indices = node.knownShape(1), let depth = try node.ifKnown({ try node.tupleDepth(indices, shape) }) else {
      return [shape]
    }
    if let updates = node.knownShape(2) {
      let expected = indices.dropLast() + shape[depth...]
      let message = "updates have the shape \(updates), they should have \(expected)"
      try node.require(updates.count == expected.count, message)
      for (left, right) in zip(updates, expected) { try node.requireEqual(left, right, message) }
    }
    return [shape]
  }.derivative { try $0.gradientsOfScattered("ScatterND", gathering: "GatherND") }
}
