extension OperatorDeclaration {
  /// ONNX CenterCropPad: the middle of what is too long, zeros around what is too short.
  static let centerCropPad = OperatorDeclaration("CenterCropPad", .keepsZero, shapeInputs: [1]) { node in
    var shape = try node.shape(0)
    let axes = try node.normalized(axes: node.ints("axes") ?? Array(shape.indices), rank: shape.count)
    let wanted = try node.ifKnown { try node.extents(1) } ?? node.unknownShape(axes.count)
    try node.require(wanted.count == axes.count, "the extents \(wanted) are not those of \(axes.count) axes")
    for (axis, extent) in zip(axes, wanted) { shape[axis] = extent }
    return [shape]
  }
}
