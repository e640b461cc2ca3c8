extension OperatorDeclaration {
  /// ONNX Identity: the input, whatever its kind.
  static let identity = OperatorDeclaration(
    "Identity", [.view, .elementwise, .keepsZero, .keepsValues], facts: { node in [try node.facts(0)] }
  ).derivative { f in [f.gradient] }
}
