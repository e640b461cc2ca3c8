extension OperatorDeclaration {
  /// com.microsoft SkipLayerNormalization: LayerNormalization of a sum, over the last dimension; the sum is an output, too.
  static let skipLayerNormalization = microsoft(
    "SkipLayerNormalization", "T T T ?T ?T -> T float32 float32 T"
  ) { node in try node.skipNormalizationShapes(vectors: 2..<5) }

  /// com.microsoft SkipSimplifiedLayerNormalization: the same with RMSNormalization.
  static let skipSimplifiedLayerNormalization = microsoft(
    "SkipSimplifiedLayerNormalization", "T T T ?T -> T float32 float32 T"
  ) { node in try node.skipNormalizationShapes(vectors: 2..<4) }

  /// RMSNormalization under the name that ONNX Runtime put into ONNX's domain before ONNX had it.
  static let simplifiedLayerNormalization = OperatorDeclaration(
    "SimplifiedLayerNormalization",
    types: { node in [try node.facts(0).kind, .tensor(try node.elementType("stash_type") ?? .float32)] }
  ) { node in
    let shape = try node.shape(0)
    let axis = try node.axis(default: -1, rank: shape.count)
    return [shape, shape[..<axis] + shape[axis...].map { _ in 1 }]
  }
}

extension Inference {
  /// The shapes of the result, of a mean and a deviation for each row, and of the sum.
  ///
  /// - Parameter vectors: Inputs that have one number for each place of a row.
  fileprivate func skipNormalizationShapes(vectors: Range<Int>) throws -> [[Dim]] {
    let shape = try shape(0)
    guard let width = shape.last else { throw invalid("a single number is no row") }
    if let skip = try facts(1).shape {
      try requireBroadcast(skip, to: shape, "a tensor of shape \(skip) can't be added to one of shape \(shape)")
    }
    for index in vectors where has(index) { try requireVector(index, of: width, "input \(index)") }
    let statistics: [Dim] = shape.dropLast() + [1]
    return [shape, statistics, statistics, shape]
  }
}
