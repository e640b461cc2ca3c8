extension OperatorDeclaration {
  /// ONNX Pow: the first operand to the power of the second, which may be of another type.
  static let pow = OperatorDeclaration(
    "Pow", .elementwise, types: { node in [.tensor(try node.elementType(0))] },
    elements: { node in
      try node.elementwise { base, exponent in
        guard let count = exponent.number, (0...64).contains(count) else { return .unknown() }
        return (0..<count).reduce(Dim(1)) { product, _ in product * base }
      }
    },
    elementsOfAnyType: true
  ) { node in
    if node.broadcastsByAttributes { return [try node.shapeByAttributes()] }
    return [try node.broadcast([try node.shape(0), try node.shape(1)])]
  }
}
