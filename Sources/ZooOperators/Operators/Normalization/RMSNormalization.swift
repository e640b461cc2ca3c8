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
  }
}
