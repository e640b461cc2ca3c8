extension OperatorDeclaration {
  /// ONNX Softmax and LogSoftmax: up to version 11 over all dimensions from `axis` on, since 13 along `axis` alone.
  static func softmax(_ name: String) -> OperatorDeclaration {
    OperatorDeclaration(name) { node in
      let shape = try node.shape(0)
      // A single number is a row of one.
      _ = try node.axis(default: node.opset < 13 ? 1 : -1, rank: max(shape.count, 1))
      return [shape]
    }.byRow { node in
      try node.axis(default: node.opset < 13 ? 1 : -1, rank: max(node.rank(0), 1)) > 0 ? [0] : []
    }
  }

  /// ONNX Hardmax: 1 at the first of the greatest elements, 0 elsewhere, over the dimensions of Softmax.
  static let hardmax = OperatorDeclaration("Hardmax") { node in
    let shape = try node.shape(0)
    let isFlat = node.opset < 13
    let axis = try node.int("axis", default: isFlat ? 1 : -1)
    // Behind the last dimension, each element is a row.
    if !isFlat || axis != shape.count { _ = try node.normalized(axis: axis, rank: shape.count) }
    return [shape]
  }
}
