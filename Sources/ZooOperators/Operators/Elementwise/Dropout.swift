extension OperatorDeclaration {
  /// ONNX Dropout: the input as it is but in training, and a mask of what is kept (of the input's type before version 10).
  static let dropout = OperatorDeclaration(
    "Dropout", [.elementwise, .keepsZero, .keepsValues]
  ) { node in
    let shape = try node.shape(0)
    return [shape, shape]
  }
}
