extension OperatorDeclaration {
  /// com.microsoft SkipLayerNormalization: LayerNormalization of a sum, over the last dimension; the sum is an output, too.
  static let skipLayerNormalization = microsoft(
    "SkipLayerNormalization", "T T T ?T ?T -> T float32 float32 T"
  ) { node in
    try node.skipNormalizationShapes(vectors: 2..<5)
  }.asFunction { f in
    var sum = f("Add", try f.input(0), try f.input(1))
    if let bias = f.optionalInput(4) { sum = f("Add", sum, bias) }
    let hasStatistics = f.isUsed(output: 1) || f.isUsed(output: 2)
    return try f.layerNormalization(sum, f.input(2), f.optionalInput(3), withStatistics: hasStatistics) + [sum]
  }

  /// com.microsoft SkipSimplifiedLayerNormalization: the same with RMSNormalization.
  static let skipSimplifiedLayerNormalization = microsoft(
    "SkipSimplifiedLayerNormalization", "T T T ?T -> T float32 float32 T"
  ) { node in
    try node.skipNormalizationShapes(vectors: 2..<4)
  }.asFunction { f in
    var sum = f("Add", try f.input(0), try f.input(1))
    if let bias = f.optionalInput(3) { sum = f("Add", sum, bias) }
    return [try f.rmsNormalization(sum, f.input(2), axis: -1, epsilon: 1e-12), nil, nil, sum]
  }

  /// RMSNormalization under the name that ONNX Runtime put into ONNX's domain before ONNX had it.
  static let simplifiedLayerNormalization = OperatorDeclaration(
    "SimplifiedLayerNormalization",
    types: { node in [try node.facts(0).kind, .tensor(try node.elementType("stash_type") ?? .float32)] }
  ) { node in
    let shape = try node.shape(0)
    let axis = try node.axis(default: -1, rank: shape.count)
    return [shape, shape[..<axis] + shape[axis...].map { _ in 1 }]
  }.asFunction { f in
    let axis = try f.node.int("axis", default: -1)
    return [try f.rmsNormalization(f.input(0), f.input(1), axis: axis, epsilon: 1e-5)]
  }
}

extension FunctionBody {
  /// LayerNormalization of the last dimension; with the mean and the inverse deviation if asked for.
  mutating func layerNormalization(
    _ x: Value, _ scale: Value, _ bias: Value?, withStatistics: Bool = false
  ) throws -> [Value?] {
    let epsilon = try node.float("epsilon") ?? 1e-12
    let results = add(
      "LayerNormalization", [x, scale, bias], outputs: withStatistics ? 3 : 1,
      attributes: ["axis": .int(-1), "epsilon": .float(epsilon)])
    return withStatistics ? results : [results[0], nil, nil]
  }

  /// - Parameter epsilon: Where the node has none.
  fileprivate mutating func rmsNormalization(
    _ x: Value, _ scale: Value, axis: Int, epsilon: Float
  ) throws -> Value {
    let epsilon = try node.float("epsilon") ?? epsilon
    return self(
      "RMSNormalization", x, scale, attributes: ["axis": .int(Int64(axis)), "epsilon": .float(epsilon)])
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
