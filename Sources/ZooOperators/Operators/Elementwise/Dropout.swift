extension OperatorDeclaration {
  /// ONNX Dropout: the input as it is but in training, and a mask of what is kept (of the input's type before version 10).
  static let dropout = OperatorDeclaration(
    "Dropout", [.elementwise, .keepsZero, .keepsValues]
  ) { node in
    let shape = try node.shape(0)
    return [shape, shape]
  }.derivative { f in
    // Which elements training drops is drawn anew with each run of the function.
    if f.node.opset >= 12, f.node.has(2), try f.node.facts(2).truth != false {
      throw f.node.noDerivative("in training")
    }
    return [f.gradient, nil, nil]
  }
}
