extension OperatorDeclaration {
  /// ONNX GlobalAveragePool and its relatives: one number for all positions of a channel.
  static func globalPool(
    _ name: String, check: @escaping @Sendable (Inference) throws -> Void = { _ in }
  ) -> OperatorDeclaration {
    OperatorDeclaration(name, .keepsZero) { node in
      try check(node)
      let shape = try node.shape(0)
      try node.require(shape.count >= 2, "the input of shape \(shape) has no channels")
      return [shape[..<2] + shape[2...].map { _ in 1 }]
    }.byRow()
  }

  /// ONNX GlobalLpPool: the p-norm of each channel.
  static let globalLpPool = globalPool("GlobalLpPool") { try $0.requireNorm() }
}

extension FunctionBody {
  /// A pool over all positions as the operator that reduces their axes.
  mutating func overPositions(_ reduction: String) throws -> Value {
    let axes = Array(2..<max(try node.rank(0), 2))
    return axes.isEmpty ? self("Identity", x) : self(reduction, x, try integers(axes))
  }
}
