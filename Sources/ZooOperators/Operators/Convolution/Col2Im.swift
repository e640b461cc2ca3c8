extension OperatorDeclaration {
  /// ONNX Col2Im: columns of windows become an image, in which overlapping windows are summed.
  static let col2Im = OperatorDeclaration("Col2Im", .keepsZero, shapeInputs: [1, 2]) { node in
    let x = try node.facts(0).shape
    try node.require(x.map { $0.count == 3 } ?? true, "columns have the shape \(x ?? []), not [N, C·windows, L]")
    let image = try node.ifKnown { try node.elements(1) }
    let block = try node.ifKnown { try node.elements(2) }
    guard let axes = image?.count ?? block?.count else { throw NotKnown() }
    let columns = x ?? .unknown(rank: 3)
    let channels = try node.imageChannels(columns, image ?? .unknown(rank: axes), block ?? .unknown(rank: axes))
    return [[columns[0], channels] + (image ?? .unknown(rank: axes))]
  }
}

extension Inference {
  /// The channels of an image of columns that fit windows of `block`.
  fileprivate func imageChannels(_ columns: [Dim], _ image: [Dim], _ block: [Dim]) throws -> Dim {
    let axes = image.count
    try require(axes >= 1 && block.count == axes, "windows of \(block) don't fit an image of \(image)")
    try require(
      (image + block).allSatisfy { $0.number.map { WindowLimits.steps ~= $0 } ?? true },
      "the image is \(image) large, its windows \(block)")
    let strides = try ints("strides", count: axes, default: 1, in: WindowLimits.steps)
    let dilations = try ints("dilations", count: axes, default: 1, in: WindowLimits.steps)
    let pads = try ints("pads", count: 2 * axes, default: 0, in: WindowLimits.pads)
    let windows = (0..<axes).map { axis in
      WindowAxis(
        kernel: block[axis], stride: strides[axis], dilation: dilations[axis],
        padding: .explicit(before: pads[axis], after: pads[axes + axis]))
    }
    let places = try positions(windows, on: image)
    let taps = block.product
    let channels = columns[1].divided(exactlyBy: taps)
    try require(
      places.product.equals(columns[2]) != false && (channels != nil || columns[1].number == nil || taps.number == nil),
      "columns of shape \(columns) don't fit windows of \(block) at \(places) places")
    return channels ?? .unknown()
  }
}
