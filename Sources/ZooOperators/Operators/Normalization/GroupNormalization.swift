extension OperatorDeclaration {
  /// ONNX GroupNormalization (Wu and He 2018). Scales and biases are those of groups before version 21, of channels since.
  static let groupNormalization = OperatorDeclaration("GroupNormalization") { node in
    let groups = try node.requiredInt("num_groups")
    try node.require(groups > 0, "num_groups is \(groups)")
    let shape = try node.shape(0)
    try node.require(
      shape.count >= 2 && shape[1].number.map { $0 % groups == 0 } ?? true,
      "the channels of shape \(shape) can't be split into \(groups) groups")
    for index in 1...2 {
      try node.requireVector(
        index, of: node.opset < 21 ? Dim(groups) : shape[1], index == 1 ? "the scale" : "the bias")
    }
    return [shape]
  }.differentiated { f in
    let groups = f("Reshape", f.x, try f.integers([0, f.node.requiredInt("num_groups"), -1]))
    let normal = try f.normalized(groups, axes: [2]).normal
    if f.node.opset < 21 { return [f.reshape(try f.scaled(normal, f.input(1), f.input(2), rank: 3), like: f.x)] }
    return [try f.scaled(f.reshape(normal, like: f.x), f.input(1), f.input(2), rank: f.node.rank(0))]
  }
}
