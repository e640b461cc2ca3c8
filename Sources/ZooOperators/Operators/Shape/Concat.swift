extension OperatorDeclaration {
  /// ONNX Concat: tensors behind one another along an axis.
  static let concat = OperatorDeclaration(
    "Concat", .keepsZero, elements: { node in try node.inputs.indices.flatMap { try node.elements($0) } }
  ) { node in
    var shape = try node.shape(0)
    guard let given = try node.int("axis") ?? (node.opset < 4 ? 1 : nil) else {
      throw node.invalid("attribute axis is missing")
    }
    let axis = try node.normalized(axis: given, rank: shape.count)
    for index in node.inputs.indices.dropFirst() {
      let other = try node.shape(index)
      try node.require(
        other.count == shape.count, "shapes of \(shape.count) and \(other.count) dimensions can't be joined")
      for place in shape.indices where place != axis {
        try node.requireEqual(shape[place], other[place], "\(other) can't join \(shape) along axis \(axis)")
        if shape[place].number == nil { shape[place] = other[place] }
      }
      shape[axis] += other[axis]
    }
    return [shape]
  }
}
