import ZooCore

extension OperatorDeclaration {
  /// ONNX QuantizeLinear: x / scale, rounded half to even, plus the zero point, clamped to the type's numbers.
  static let quantizeLinear = OperatorDeclaration(
    "QuantizeLinear",
    types: { node in
      let wanted = try node.elementType("output_dtype")
      guard node.has(2) else { return [.tensor(wanted ?? .uint8)] }
      guard let type = try node.facts(2).elementType else { return [wanted.map { .tensor($0) }] }
      try node.require(
        wanted == nil || wanted == type,
        "output_dtype is \((wanted ?? type).name), but the zero point is \(type.name)")
      return [.tensor(type)]
    }
  ) { node in [try node.quantizedShape()] }

  /// ONNX DequantizeLinear: (x - zero point) · scale.
  static let dequantizeLinear = OperatorDeclaration(
    "DequantizeLinear",
    types: { node in
      if let wanted = try node.elementType("output_dtype") { return [.tensor(wanted)] }
      return [node.opset < 19 ? .tensor(.float32) : try node.facts(1).kind]
    }
  ) { node in [try node.quantizedShape()] }

  /// ONNX DynamicQuantizeLinear: to uint8, by the scale and zero point that the tensor's own range gives.
  static let dynamicQuantizeLinear = OperatorDeclaration("DynamicQuantizeLinear") { node in
    [try node.facts(0).shape, [], []]
  }
}

extension Inference {
  /// The shape of input 0, which scales (input 1) and zero points (input 2) fit: one for all, one a place along an axis, or
  /// one a block of places.
  func quantizedShape() throws -> [Dim] {
    let shape = try shape(0)
    let blockSize = try int("block_size", default: 0)
    try require(blockSize >= 0, "the block size is \(blockSize)")
    guard let scales = try facts(1).shape else { return shape }
    if has(2), let zeroPoints = try facts(2).shape {
      try requireEqual(
        scales.product, zeroPoints.product, "zero points of shape \(zeroPoints) for scales of shape \(scales)")
    }
    // One that is not known may be 1, which is for all.
    guard !scales.isEmpty, !(scales.count == 1 && scales[0].number ?? 1 == 1) else { return shape }
    let axis = try axis(default: 1, rank: shape.count)
    if blockSize == 0 {
      try require(
        scales.count == 1 && scales[0].equals(shape[axis]) != false,
        "scales of shape \(scales) don't fit axis \(axis) of shape \(shape)")
      return shape
    }
    var expected = shape
    expected[axis] = shape[axis].ceilingDivided(by: Dim(blockSize))
    try require(
      scales.count == expected.count && zip(scales, expected).allSatisfy { $0.equals($1) != false },
      "blocks of \(blockSize) take scales of shape \(expected), not \(scales)")
    return shape
  }
}
