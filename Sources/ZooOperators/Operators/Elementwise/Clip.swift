extension OperatorDeclaration {
  /// ONNX Clip: elements kept within bounds, which are attributes up to operator set 10 and single numbers from 11 on.
  static let clip = OperatorDeclaration(
    "Clip", .elementwise,
    elements: { node in
      guard node.opset >= 11 else { throw NotKnown() }
      let type = try node.elementType(0)
      let (low, high) = (try node.bound(1), try node.bound(2))
      return try node.wholeNumbers(0).map { element in
        let raised = low.map { Dim.maximum(element, $0) } ?? element
        return try (high.map { Dim.minimum(raised, $0) } ?? raised).exact(as: type)
      }
    },
    elementsOfAnyType: true
  ) { node in
    for index in 1...2 where node.has(index) {
      guard let shape = try node.facts(index).shape else { continue }
      try node.require(
        shape.product.number.map { $0 == 1 } ?? true, "bound \(index) must be one number, not of shape \(shape)")
    }
    return [try node.shape(0)]
  }
}

extension Inference {
  fileprivate func bound(_ index: Int) throws -> Dim? {
    guard has(index) else { return nil }
    guard let bound = try wholeNumbers(index).first else { throw NotKnown() }
    return bound
  }
}
