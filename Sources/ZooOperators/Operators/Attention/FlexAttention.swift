import ZooCore

extension OperatorDeclaration {
  /// ONNX FlexAttention: attention whose scores and probabilities go through graphs of its own.
  static let flexAttention = OperatorDeclaration("FlexAttention", domain: "ai.onnx.preview", .hasBodies) { node in
    for index in 0..<3 { _ = try node.shape(index, ofRank: 4, ["Q", "K", "V"][index]) }
    return [try AttentionExtents(node)?.output ?? .unknown(rank: 4)]
  }.asFunction { f in
    let extents = try FlexAttentionExtents(f.node)
    return [try f.flexAttention(extents)]
  }
}

/// Types and extents of a FlexAttention's inputs.
private struct FlexAttentionExtents {
  let batch, heads, keyHeads, queries, keys, headSize, valueSize: Int
  let type: ElementType
  /// Of products: half precision is widened.
  let productType: ElementType
  /// Of the scores that bodies see, and of the softmax.
  let scoreType: ElementType

  init(_ node: Inference) throws {
    let (query, key) = (try node.fixedShape(0), try node.fixedShape(1))
    (batch, heads, queries, headSize) = (query[0], query[1], query[2], query[3])
    (keyHeads, keys, valueSize) = (key[1], key[2], try node.fixedShape(2)[3])
    type = try node.elementType(0)
    productType = type == .float64 ? .float64 : .float32
    scoreType = try node.elementType("softmax_precision") ?? productType
    try node.require(
      try node.int("softmax_precision") != 0 && [.float32, .float64, .float16, .bfloat16].contains(scoreType),
      "softmax_precision names no type of floats")
  }

  /// Queries that share keys become rows of one matrix, so that keys and values need not be repeated.
  var rows: Int { keyHeads == 0 ? 0 : heads / keyHeads * queries }
}

extension FunctionBody {
  fileprivate mutating func flexAttention(_ e: FlexAttentionExtents) throws -> Value {
    var queries = cast(try input(0), from: e.type, to: e.productType)
    queries = try reshape(queries, [e.batch, e.keyHeads, e.rows, e.headSize])
    let keys = transpose(cast(try input(1), from: e.type, to: e.productType), [0, 1, 3, 2])
    let scale = try node.float("scale").map(Double.init) ?? 1 / Double(e.headSize).squareRoot()
    var scores = self("Mul", self("MatMul", queries, keys), try number(scale, e.productType))
    scores = try reshape(scores, [e.batch, e.heads, e.queries, e.keys])
    scores = cast(scores, from: e.productType, to: e.scoreType)
    scores = applyIfGiven("score_mod", scores)
    scores = self("Softmax", scores, attributes: ["axis": .int(-1)])
    scores = cast(applyIfGiven("prob_mod", scores), from: e.scoreType, to: e.productType)
    scores = try reshape(scores, [e.batch, e.keyHeads, e.rows, e.keys])
    let result = self("MatMul", scores, cast(try input(2), from: e.type, to: e.productType))
    return cast(try reshape(result, [e.batch, e.heads, e.queries, e.valueSize]), from: e.productType, to: e.type)
  }

  private mutating func applyIfGiven(_ attribute: String, _ value: Value) -> Value {
    node.hasBody(attribute) ? apply(attribute, value) : value
  }
}
