extension OperatorDeclaration {
  /// ONNX MaxRoiPool (Girshick 2015): the greatest value in each bin of regions of a feature map.
  static let maxRoiPool = OperatorDeclaration("MaxRoiPool", .keepsZero) { node in
    guard let size = try node.ints("pooled_shape"), size.count == 2, size.allSatisfy({ 1...1 << 16 ~= $0 }) else {
      throw node.invalid("attribute pooled_shape is missing, or not two numbers from 1 to \(1 << 16)")
    }
    try node.requireSpatialScale()
    let x = try node.shape(0, "an input", like: [nil, nil, nil, nil])
    let regions = try node.shape(1, "regions", like: [nil, 5])
    return [[regions[0], x[1]] + size.map { Dim($0) }]
  }.byRow { _ in [1] }
}
