extension OperatorDeclaration {
  /// ONNX RotaryEmbedding: pairs of numbers turned by angles that depend on the position.
  static let rotaryEmbedding = OperatorDeclaration("RotaryEmbedding") { node in
    let shape = try node.rotatedShape()
    for index in [1, 2] {
      guard let table = try node.shape(index, ofRank: node.has(3) ? 2 : 3, index == 1 ? "cos_cache" : "sin_cache")
      else {
        continue
      }
      if !node.has(3) {
        let (batch, steps) = (shape[0], shape[shape.count - 2])
        try node.require(
          table[0].equals(batch) != false && table[1].equals(steps) != false,
          "angles of shape \(table) don't fit a tensor of shape \(shape)")
      }
    }
    return [shape]
  }
}

extension Inference {
  /// The shape of input 0, (batch, heads, length, size) or (batch, length, heads · size).
  func rotatedShape() throws -> [Dim] {
    let shape = try shape(0)
    try require(shape.count == 3 || shape.count == 4, "a tensor of shape \(shape) is not of rank 3 or 4")
    if shape.count == 3 { _ = try headCount("num_heads", dividing: shape[2]) }
    return shape
  }
}
