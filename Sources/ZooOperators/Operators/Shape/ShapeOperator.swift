extension OperatorDeclaration {
  /// ONNX Shape: the extents of a tensor, from `start` to `end` since version 15.
  static let shapeOperator = OperatorDeclaration(
    "Shape", .readsShapeOnly, elements: { node in try node.shownExtents() }
  ) { node in [[try node.ifKnown { Dim(try node.shownExtents().count) } ?? .unknown()]] }
}

extension Inference {
  fileprivate func shownExtents() throws -> [Dim] {
    let shape = try shape(0)
    func place(_ value: Int) -> Int { min(max(value < 0 ? value + shape.count : value, 0), shape.count) }
    let start = place(try int("start", default: 0))
    return Array(shape[start..<max(start, place(try int("end", default: shape.count)))])
  }
}
