extension OperatorDeclaration {
  /// ONNX CumSum and CumProd: running sums or products along an axis, which input 1 names.
  static func cumulating(_ name: String, _ traits: OperatorTraits = []) -> OperatorDeclaration {
    OperatorDeclaration(name, traits) { node in
      let shape = try node.shape(0)
      if let axis = try node.ifKnown({ try node.integer(1) }) {
        _ = try node.normalized(axis: axis, rank: shape.count)
      }
      return [shape]
    }
  }
}
