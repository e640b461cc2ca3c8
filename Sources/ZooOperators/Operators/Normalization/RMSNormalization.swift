extension OperatorDeclaration {
  /// ONNX RMSNormalization (Zhang and Sennrich 2019): divided by the root of the mean square of all dimensions from `axis`
  /// on, times a scale.
  static let rmsNormalization = OperatorDeclaration("RMSNormalization") { node in
    let shape = try node.shape(0)
    let inner = Array(shape[(try node.axis(default: -1, rank: shape.count))...])
    if let scale = try node.facts(1).shape {
      let joint = try node.broadcast([inner, scale])
      try node.require(
        joint.count == inner.count && zip(joint, inner).allSatisfy { $0.equals($1) != false },
        "a scale of shape \(scale) doesn't broadcast to \(inner)")
    }
    return [shape]
  }.differentiated { f in
    let (rank, type) = (try f.node.rank(0), try f.node.elementType(0))
    let precision = try type == .float64 ? type : f.node.elementType("stash_type") ?? .float32
    let wide = f.cast(f.x, from: type, to: precision)
    let axes = try f.integers(Array(f.node.axis(default: -1, rank: rank)..<rank))
    let mean = f("ReduceMean", f.square(wide), axes)
    let normal = f("Div", wide, f("Sqrt", f("Add", mean, try f.epsilon(precision))))
    let scale = f.cast(try f.input(1), from: try f.node.elementType(1), to: type)
    return [f("Mul", f.cast(normal, from: precision, to: type), scale)]
  }
}
