extension OperatorDeclaration {
  /// ONNX MeanVarianceNormalization: the mean 0 and the variance 1 over axes.
  static let meanVarianceNormalization = OperatorDeclaration("MeanVarianceNormalization", .keepsZero) { node in
    let shape = try node.shape(0)
    _ = try node.normalized(axes: try node.ints("axes") ?? [0, 2, 3], rank: shape.count)
    return [shape]
  }
}
