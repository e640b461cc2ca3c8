import ZooNumbers

extension OperatorDeclaration {
  /// com.microsoft QLinearConcat: quantized tensors behind one another. Behind the result's scale and zero point, each of them
  /// comes with its own.
  static let qLinearConcat = microsoft("QLinearConcat", "float32 T -> T") { node in
    try node.require(
      node.inputs.count >= 5 && (node.inputs.count - 2) % 3 == 0,
      "\(node.inputs.count) inputs are not two and three for each tensor")
    let shapes = try stride(from: 2, to: node.inputs.count, by: 3).map { try node.shape($0) }
    var result = shapes[0]
    let axis = try node.normalized(axis: node.requiredInt("axis"), rank: result.count)
    for shape in shapes.dropFirst() {
      try node.require(
        shape.count == result.count, "shapes of \(result.count) and \(shape.count) dimensions can't be joined")
      for place in result.indices where place != axis {
        result[place] = try node.same(result[place], shape[place], "\(shape) can't join \(result) along axis \(axis)")
      }
      result[axis] += shape[axis]
    }
    return [result]
  }.asFunction { f in
    let parts = try stride(from: 2, to: f.node.inputs.count, by: 3).map { try f.dequantized($0) }
    return [try f.quantized(f.concat(parts, axis: f.node.requiredInt("axis")), 0, 1, like: 1)]
  }
}
