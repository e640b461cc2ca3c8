extension OperatorDeclaration {
  /// ONNX TopK: the k largest (or smallest) values along an axis, in order, and their places.
  static let topK = OperatorDeclaration("TopK", shapeInputs: [1]) { node in
    var shape = try node.shape(0)
    let axis = try node.axis(default: -1, rank: shape.count)
    let k = try node.opset < 10 ? Dim(node.requiredInt("k")) : node.ifKnown { try node.element(1) } ?? .unknown()
    if let count = k.number {
      try node.require(
        count >= 0 && shape[axis].number.map { count <= $0 } ?? true, "k is \(k), the axis holds \(shape[axis])")
    }
    shape[axis] = k
    return [shape, shape]
  }
}
