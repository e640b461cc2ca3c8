extension OperatorDeclaration {
  /// ONNX Size: the number of a tensor's elements.
  static let size = OperatorDeclaration(
    "Size", .readsShapeOnly, elements: { node in [try node.shape(0).product] }
  ) { node in
    _ = try node.facts(0)
    return [[]]
  }
}
