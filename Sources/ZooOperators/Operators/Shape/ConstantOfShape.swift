import ZooCore

extension OperatorDeclaration {
  /// ONNX ConstantOfShape: one value throughout, a float32 0 unless `value` gives another.
  static let constantOfShape = OperatorDeclaration(
    "ConstantOfShape", .copies, shapeInputs: [0],
    types: { node in [.tensor(try node.tensor("value")?.type ?? .float32)] },
    elements: { node in
      let count = try node.extents(0).product.number ?? 0
      guard let value = try node.tensor("value") else { throw NotKnown() }
      let element = try node.integers(of: value, "attribute value")
      return element.flatMap { [Dim](repeating: Dim($0), count: count) }
    }
  ) { node in
    if let value = try node.tensor("value") {
      try node.require(
        value.shape.reduce(1, *) == 1, "attribute value holds a tensor of shape \(value.shape), not one element")
    }
    return [try node.extents(0)]
  }
}
