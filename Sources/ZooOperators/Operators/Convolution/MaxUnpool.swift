extension OperatorDeclaration {
  /// ONNX MaxUnpool: each value goes to the place that MaxPool took it from.
  static let maxUnpool = OperatorDeclaration("MaxUnpool", .keepsZero, shapeInputs: [2]) { node in
    guard let kernel = try node.ints("kernel_shape") else { throw node.invalid("kernel_shape is missing") }
    try node.requireType(1, .int64)
    let (given, places) = (try node.facts(0).shape, try node.facts(1).shape)
    let x = given ?? places ?? .unknown(rank: kernel.count + 2)
    try node.require(x.count >= 3, "the input's rank is \(x.count), but MaxUnpool needs 3 or more")
    if let places {
      try node.require(
        places.count == x.count && zip(x, places).allSatisfy { $0.equals($1) != false },
        "places of shape \(places) don't fit values of shape \(x)")
    }
    let extents = try node.unpooledExtents(Array(x[2...]))
    guard node.has(2) else { return [x[..<2] + extents] }
    return [try node.outputShape(x)]
  }
}

extension Inference {
  fileprivate func unpooledExtents(_ extents: [Dim]) throws -> [Dim] {
    let windows = try windows(axes: extents.count, kernel: nil)
    let pads = try ints("pads", count: 2 * extents.count, default: 0, in: WindowLimits.pads)
    return try windows.indices.map { axis in
      let window = WindowAxis(
        kernel: windows[axis].kernel, stride: windows[axis].stride,
        padding: .explicit(before: pads[axis], after: pads[extents.count + axis]))
      let extent = window.extent(covering: extents[axis])
      try require(extent.number.map { $0 > 0 } ?? true, "pads leave nothing of spatial axis \(axis)")
      return extent
    }
  }

  /// The shape in input 2, for values of shape `x`.
  fileprivate func outputShape(_ x: [Dim]) throws -> [Dim] {
    guard let shape = try ifKnown({ try elements(2) }) else { return x[..<2] + .unknown(rank: x.count - 2) }
    try require(
      shape.count == x.count && shape.allSatisfy { $0.number.map { $0 >= 0 } ?? true }
        && zip(shape, x).prefix(2).allSatisfy { $0.equals($1) != false },
      "output_shape is \(shape) for values of shape \(x)")
    return zip(shape, x).prefix(2).map { $0.number == nil ? $1 : $0 } + shape[2...]
  }
}
