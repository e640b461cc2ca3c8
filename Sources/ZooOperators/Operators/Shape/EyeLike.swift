extension OperatorDeclaration {
  /// ONNX EyeLike: ones on diagonal `k` of a matrix of the input's shape.
  static let eyeLike = OperatorDeclaration(
    "EyeLike", .readsShapeOnly,
    types: { node in [try node.elementType("dtype").map { .tensor($0) } ?? node.kind(0)] }
  ) { node in
    guard let shape = try node.facts(0).shape else { return [node.unknownShape(2)] }
    try node.require(shape.count == 2, "the input of shape \(shape) is no matrix")
    return [shape]
  }
}
