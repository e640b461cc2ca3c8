extension OperatorDeclaration {
  /// ONNX CastLike: elements converted to the type of the second input.
  static let castLike = OperatorDeclaration(
    "CastLike", [.elementwise, .keepsZero, .keepsValues, .readsTypes],
    types: { node in [.tensor(try node.elementType(1))] },
    elements: { node in try node.elements(castTo: node.elementType(1)) }, elementsOfAnyType: true
  ) { node in [try node.shape(0)] }.derivative { f in [try f.castBack(), nil] }
}
