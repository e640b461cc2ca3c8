extension OperatorDeclaration {
  /// ONNX NonZero: the places of the elements that are not zero, a column each.
  static let nonZero = OperatorDeclaration("NonZero", shapeInputs: [0]) { node in
    [[try node.facts(0).shape.map { Dim(max($0.count, 1)) } ?? .unknown(), .unknown()]]
  }
}
