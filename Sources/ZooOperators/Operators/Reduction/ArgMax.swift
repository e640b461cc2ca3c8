extension OperatorDeclaration {
  /// ONNX ArgMax and ArgMin: where the largest or the smallest number along an axis is.
  static func argument(_ name: String) -> OperatorDeclaration {
    OperatorDeclaration(name) { node in
      let shape = try node.shape(0)
      let axis = try node.axis(default: 0, rank: shape.count)
      try node.require(shape[axis] != 0, "axis \(axis) of the shape \(shape) is empty")
      return [node.reduced(shape, axes: [axis], keepsDimensions: try node.flag("keepdims", default: true))]
    }
  }
}
