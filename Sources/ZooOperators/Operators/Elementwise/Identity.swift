extension OperatorDeclaration {
  /// ONNX Identity: the input, whatever its kind.
  static let identity = OperatorDeclaration(
    "Identity", [.view, .elementwise, .keepsZero, .keepsValues],
    elements: { node in try node.reals(0) }, elementsOfAnyType: true
  ) { node in [try node.shape(0)] }
}
