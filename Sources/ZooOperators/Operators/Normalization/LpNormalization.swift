extension OperatorDeclaration {
  /// ONNX LpNormalization: along an axis, divided by the sum of magnitudes or the root of the sum of squares.
  static let lpNormalization = OperatorDeclaration("LpNormalization", .keepsZero) { node in
    let power = try node.int("p", default: 2)
    try node.require(power == 1 || power == 2, "p is \(power), it should be 1 or 2")
    let shape = try node.shape(0)
    _ = try node.axis(default: -1, rank: shape.count)
    return [shape]
  }
}
