extension OperatorDeclaration {
  /// ONNX SwiGLU: Swish of the first input times the second, which has the same shape.
  static let swiGLU = OperatorDeclaration("SwiGLU", [.elementwise, .keepsZero]) { node in
    guard let gate = try node.facts(0).shape else { return [try node.shape(1)] }
    guard let value = try node.facts(1).shape else { return [gate] }
    try node.require(gate.count == value.count, "the shapes \(gate) and \(value) differ")
    return [
      try zip(gate, value).map { left, right in
        try node.requireEqual(left, right, "the shapes \(gate) and \(value) differ")
        return left.number == nil ? right : left
      }
    ]
  }.differentiated { f in [f("Mul", f("Swish", f.x), try f.input(1))] }
}
