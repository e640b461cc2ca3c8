extension OperatorDeclaration {
  /// ONNX ConvTranspose: each element of the input adds its multiple of the kernel to the output.
  static let convTranspose = OperatorDeclaration("ConvTranspose", [.product, .keepsZero]) { node in
    let (x, w) = try node.convolutionOperands(weights: 1)
    let groups = try node.groups()
    try node.require(
      (x[1].number ?? w[0].number).map { $0 % groups == 0 } ?? true && w[0].equals(x[1]) != false,
      "\(x[1]) channels in \(groups) \(groups == 1 ? "group" : "groups") don't fit weights of shape \(w)")
    let channels = w[1] * Dim(groups)
    if node.has(2) { try node.requireVector(2, of: channels, "the bias") }
    return [[x[0], channels] + (try node.transposedExtents(Array(x[2...]), kernel: Array(w[2...])))]
  }.byRow().derivative { try $0.gradientsOfTransposedConvolution() }
}

extension Inference {
  fileprivate func transposedExtents(_ extents: [Dim], kernel: [Dim]) throws -> [Dim] {
    let axes = extents.count
    for extent in extents {
      try require(
        extent.number.map { WindowLimits.extents ~= $0 } ?? true, "the input's extents \(extents) are out of range")
    }
    let windows = try windows(axes: axes, kernel: kernel)
    let extra = try ints("output_padding", count: axes, default: 0, in: WindowLimits.pads)
    let wanted = try outputShape(axes: axes)
    return try (0..<axes).map { axis in
      let window = windows[axis]
      let reach = window.reach(of: extents[axis]) + Dim(extra[axis])
      if wanted == nil, window.padding != .same {
        let extent = window.extent(covering: extents[axis]) + Dim(extra[axis])
        try require(
          extent.number.map { $0 > 0 } ?? true, "pads of spatial axis \(axis) leave nothing of \(reach) positions")
        return extent
      }
      let extent = wanted.map { Dim($0[axis]) } ?? window.extent(covering: extents[axis])
      try require(
        (reach + Dim(WindowLimits.pads.upperBound) - extent).number.map { $0 >= 0 } ?? true,
        "an output of \(extent) is beyond the \(reach) positions that the kernel reaches")
      return extent
    }
  }

  /// Attribute `output_shape`, which in some files has batch and channels, too.
  private func outputShape(axes: Int) throws -> [Int]? {
    guard let given = try ints("output_shape") else { return nil }
    let wanted = given.count == axes + 2 ? Array(given.dropFirst(2)) : given
    try require(
      wanted.count == axes && wanted.allSatisfy { WindowLimits.steps ~= $0 },
      "output_shape is \(given) for \(axes) spatial axes")
    return wanted
  }
}
