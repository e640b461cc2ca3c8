/// Up to operator set 6, the attributes `broadcast` and `axis` said how the second operand broadcasts to the first.
extension Inference {
  /// Whether the node's version has these attributes.
  var broadcastsByAttributes: Bool {
    guard opset < 7, node.domain.isEmpty || node.domain == "ai.onnx" else { return false }
    return OperatorHistory.schema(node.operatorType, at: opset)?.attributes["broadcast"] != nil
  }

  func shapeByAttributes() throws -> [Dim] {
    let (first, second) = (try facts(0).shape, try facts(1).shape)
    guard let first else {
      guard let second, try !flag("broadcast") else { throw NotKnown() }
      return second
    }
    guard let second else { return first }
    return try broadcast([first, try aligned(second, to: first)])
  }

  /// The shapes of two operands as they broadcast by NumPy's rules.
  func operandShapes() throws -> [[Dim]] {
    let (first, second) = (try shape(0), try shape(1))
    return [first, broadcastsByAttributes ? try aligned(second, to: first) : second]
  }

  private func aligned(_ shape: [Dim], to first: [Dim]) throws -> [Dim] {
    guard try flag("broadcast") else {
      try require(shape.count == first.count, "the shapes \(first) and \(shape) differ, and broadcast is not set")
      for (left, right) in zip(first, shape) {
        try requireEqual(left, right, "the shapes \(first) and \(shape) differ, and broadcast is not set")
      }
      return shape
    }
    try require(shape.count <= first.count, "the shape \(shape) doesn't broadcast to \(first)")
    guard let axis = try int("axis") else { return shape }
    let place = try normalized(axis: axis, rank: max(first.count, 1))
    let behind = first.count - place - shape.count
    try require(behind >= 0, "the shape \(shape) doesn't fit into \(first) from axis \(place) on")
    return shape + [Dim](repeating: 1, count: behind)
  }
}
