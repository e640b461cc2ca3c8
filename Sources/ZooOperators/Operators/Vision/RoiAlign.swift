extension OperatorDeclaration {
  /// ONNX RoiAlign (He et al. 2017): bilinear samples of regions of a feature map, pooled to one size.
  static let roiAlign = OperatorDeclaration("RoiAlign", .keepsZero) { node in
    let coordinates = try node.text("coordinate_transformation_mode") ?? "half_pixel"
    try node.require(
      ["half_pixel", "output_half_pixel"].contains(coordinates),
      "coordinate_transformation_mode \(coordinates) is unknown")
    let mode = try node.text("mode") ?? "avg"
    try node.require(["avg", "max"].contains(mode), "mode is \(mode), it should be avg or max")
    let height = try node.int("output_height", default: 1, in: 1...1 << 16)
    let width = try node.int("output_width", default: 1, in: 1...1 << 16)
    _ = try node.int("sampling_ratio", default: 0, in: 0...1 << 14)
    try node.requireSpatialScale()
    let x = try node.shape(0, "an input", like: [nil, nil, nil, nil])
    let regions = try node.shape(1, "regions", like: [nil, 4])
    let images = try node.shape(2, "batch indices", like: [regions[0]])
    return [[images[0], x[1], Dim(height), Dim(width)]]
  }.byRow { _ in [1, 2] }
}
