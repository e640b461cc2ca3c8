extension OperatorDeclaration {
  /// ONNX Identity: the input, whatever its kind.
  static let identity = OperatorDeclaration(
    "Identity", [.view, .elementwise, .keepsZero, .keepsValues],
    elements: { node in try node.wholeNumbers(0) }, elementsOfAnyType: true
  ) { node in [try node.shape(0)] }
}
