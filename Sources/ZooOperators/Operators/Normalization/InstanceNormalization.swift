extension OperatorDeclaration {
  /// ONNX InstanceNormalization: each channel of each image by its own mean and variance.
  static let instanceNormalization = OperatorDeclaration("InstanceNormalization") { node in
    let shape = try node.shape(0)
    try node.require(shape.count >= 3, "the input of shape \(shape) has no positions")
    for index in 1...2 {
      try node.requireVector(index, of: shape[1], index == 1 ? "the scale" : "the bias")
    }
    return [shape]
  }.byRow().differentiated { f in
    let rank = try f.node.rank(0)
    let normal = try f.normalized(f.x, axes: Array(2..<rank)).normal
    return [try f.scaled(normal, f.input(1), f.input(2), rank: rank)]
  }
}
