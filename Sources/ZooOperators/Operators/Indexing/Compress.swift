import ZooCore

extension OperatorDeclaration {
  /// ONNX Compress: the slices along an axis, or the elements, for which a condition holds.
  static let compress = OperatorDeclaration("Compress", .keepsZero, shapeInputs: [1]) { node in
    let condition = try node.facts(1)
    if let kind = condition.kind {
      try node.require(kind == .tensor(.bool), "the condition is \(kind.name), not a list of bool")
    }
    if let shape = condition.shape {
      try node.require(shape.count == 1, "the condition has the shape \(shape), it should be a list")
    }
    guard let axis = try node.int("axis") else {
      return [[try node.kept(of: node.facts(0).shape?.product ?? .unknown())]]
    }
    var shape = try node.shape(0)
    let place = try node.normalized(axis: axis, rank: shape.count)
    shape[place] = try node.kept(of: shape[place])
    return [shape]
  }.derivative { f in [try f.gradientOfMoved()] }
}

extension Inference {
  /// How many of `length` places a constant condition keeps.
  fileprivate func kept(of length: Dim) throws -> Dim {
    guard let condition = try facts(1).constant, condition.shape.reduce(1, *) <= 1 << 16 else { return .unknown() }
    let values = try numbers(1)
    if let length = length.number, let last = values.lastIndex(where: { $0 != 0 }), last >= length {
      throw invalid("the condition has \(values.count) values for \(length) places")
    }
    return Dim(values.reduce(0) { $0 + ($1 != 0 ? 1 : 0) })
  }
}
