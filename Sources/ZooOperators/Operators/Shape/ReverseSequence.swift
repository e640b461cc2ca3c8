extension OperatorDeclaration {
  /// ONNX ReverseSequence: the first steps of each sequence of a batch in reverse, as many as its length says.
  static let reverseSequence = OperatorDeclaration("ReverseSequence", .keepsZero) { node in
    let (batch, time) = (try node.int("batch_axis", default: 1), try node.int("time_axis", default: 0))
    try node.require(
      [batch, time].sorted() == [0, 1], "batch_axis \(batch) and time_axis \(time) are not 0 and 1")
    let shape = try node.shape(0)
    try node.require(shape.count >= 2, "the shape \(shape) has no sequences")
    if let lengths = node.knownShape(1) {
      let message = "lengths of shape \(lengths) don't fit sequences of shape \(shape)"
      try node.require(lengths.count == 1, message)
      try node.requireEqual(lengths[0], shape[batch], message)
    }
    return [shape]
  }.derivative { f in
    [f("ReverseSequence", f.gradient, try f.input(1), keeping: ["batch_axis", "time_axis"]), nil]
  }
}
