import ZooCore

extension OperatorDeclaration {
  /// ONNX TopK: the k largest (or smallest) values along an axis, in order, and their places.
  static let topK = OperatorDeclaration("TopK", shapeInputs: [1]) { node in
    var shape = try node.shape(0)
    let axis = try node.axis(default: -1, rank: shape.count)
    let k = try node.opset < 10 ? Dim(node.requiredInt("k")) : node.ifKnown { try node.element(1) } ?? .unknown()
    if let count = k.number {
      try node.require(
        count >= 0 && shape[axis].number.map { count <= $0 } ?? true, "k is \(k), the axis holds \(shape[axis])")
    }
    shape[axis] = k
    return [shape, shape]
  }.derivative { f in
    let axis = Attribute.Value.int(Int64(try f.node.axis(default: -1, rank: f.node.rank(0))))
    // Nobody may have asked for the places.
    let found = f.add(
      "TopK", f.node.inputs.indices.map(f.optionalInput), outputs: 2, opset: f.node.opset, f.node.node.attributes)
    let zeros = f("Expand", try f.number(0), f.extents(of: f.x))
    return [f("ScatterElements", zeros, found[1], f.gradient, attributes: ["axis": axis]), nil]
  }
}
