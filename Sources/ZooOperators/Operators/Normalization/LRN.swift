extension OperatorDeclaration {
  /// ONNX LRN: local response normalisation across channels (Krizhevsky et al. 2012, section 3.3).
  static let lrn = OperatorDeclaration("LRN", .keepsZero) { node in
    let size = try node.requiredInt("size")
    try node.require(size > 0 && size < 1 << 20, "size, the number of channels to sum over, is \(size)")
    let shape = try node.shape(0)
    try node.require(shape.count >= 2, "the input of shape \(shape) has no channels")
    return [shape]
  }.byRow()
}
