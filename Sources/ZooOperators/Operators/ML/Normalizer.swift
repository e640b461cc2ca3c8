extension OperatorDeclaration {
  /// ai.onnx.ml Normalizer: each row over its norm.
  static let normalizer = OperatorDeclaration("Normalizer", domain: machineLearning, .keepsZero) { node in
    _ = try node.rows()
    return [try node.shape(0)]
  }
}
