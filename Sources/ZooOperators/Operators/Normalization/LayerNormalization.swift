import ZooCore

extension OperatorDeclaration {
  /// ONNX LayerNormalization: the dimensions from `axis` on get the mean 0 and the variance 1, then a scale and a shift.
  ///
  /// Files have scales of another precision than the input, which the specification doesn't allow.
  static let layerNormalization = OperatorDeclaration(
    "LayerNormalization",
    types: { node in
      try node.requireAlike(1...2)
      let statistics = ValueKind.tensor(try node.elementType("stash_type") ?? .float32)
      return [try node.ifKnown { try node.kind(0) }, statistics, statistics]
    }
  ) { node in
    let shape = try node.shape(0)
    let axis = try node.axis(default: -1, rank: shape.count)
    let width = shape[axis...].product
    for index in [1, 2] where index == 1 || node.has(index) {
      guard let own = try node.facts(index).shape else { continue }
      try node.require(
        own.product.equals(width) != false, "input \(index) has the shape \(own), not \(Array(shape[axis...]))")
    }
    let statistics = shape[..<axis] + shape[axis...].map { _ in 1 }
    return [shape, Array(statistics), Array(statistics)]
  }.byRow { try $0.axis(default: -1, rank: $0.rank(0)) > 0 ? [0] : [] }.differentiated { f in
    let (shape, type) = (try f.node.shape(0), try f.node.elementType(0))
    let wide = try f.node.elementType("stash_type") ?? .float32
    let precision = type == .float64 ? type : wide
    let axes = Array(try f.node.axis(default: -1, rank: shape.count)..<shape.count)
    let parts = try f.normalized(f.cast(f.x, from: type, to: precision), precision, axes: axes)
    let normal = f.cast(parts.normal, from: precision, to: type)
    func inner(_ index: Int, _ f: inout FunctionBody) throws -> FunctionBody.Value {
      let value = f.cast(try f.input(index), from: try f.node.elementType(index), to: type)
      // Scales of another shape have as many elements.
      return try f.node.rank(index) == axes.count ? value : f("Reshape", value, f.extents(of: f.x, axes[0]))
    }
    let scaled = f("Mul", normal, try inner(1, &f))
    return [
      try f.node.has(2) ? f("Add", scaled, inner(2, &f)) : scaled, f.cast(parts.mean, from: precision, to: wide),
      f.cast(parts.scale, from: precision, to: wide),
    ]
  }
}
