extension OperatorDeclaration {
  /// ONNX Trilu: the upper or lower triangle of each matrix, zeros elsewhere.
  static let trilu = OperatorDeclaration("Trilu", .keepsZero) { node in
    let shape = try node.shape(0)
    try node.require(shape.count >= 2, "a tensor of shape \(shape) holds no matrices")
    return [shape]
  }.derivative { f in [f("Trilu", f.gradient, f.optionalInput(1), keeping: ["upper"]), nil] }
}
