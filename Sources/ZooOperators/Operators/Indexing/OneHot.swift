import ZooCore

extension OperatorDeclaration {
  /// ONNX OneHot: one value at the place that each index says along a new axis, another elsewhere.
  static let oneHot = OperatorDeclaration("OneHot", shapeInputs: [1]) { node in
    if let values = node.knownShape(2) {
      let message = "values have the shape \(values), not [2]"
      try node.require(values.count == 1, message)
      try node.requireEqual(values[0], 2, message)
    }
    var shape = try node.shape(0)
    let axis = try node.int("axis", default: -1)
    shape.insert(
      try node.ifKnown { try node.depth() } ?? .unknown(), at: try node.normalized(axis: axis, rank: shape.count + 1))
    return [shape]
  }
}

extension Inference {
  /// The extent of the new axis.
  fileprivate func depth() throws -> Dim {
    let type = try elementType(1)
    let depth: Dim
    if type == .int64 || type == .int32 {
      depth = try element(1)
    } else {
      let numbers = try self.numbers(1)
      try require(numbers.count == 1, "depth holds \(numbers.count) values in place of one")
      try require(numbers[0] >= 0 && numbers[0] < 0x1p40, "depth is \(numbers[0])")
      depth = Dim(Int(numbers[0]))
    }
    try require(depth.number.map { (0..<1 << 40).contains($0) } ?? true, "depth is \(depth)")
    return depth
  }
}
