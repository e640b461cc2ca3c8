extension OperatorDeclaration {
  /// com.microsoft Attention: queries, keys and values are products of one tensor with one matrix; with a cache of both keys
  /// and values.
  static let microsoftAttention = microsoft("Attention", "T T ?T ?int32 ?T ?T ?int32 -> T T", .product) { node in
    try node.projectedAttentionShapes(past: 4)
  }

  /// com.microsoft QAttention: the same with quantized weights.
  static let qAttention = microsoft("QAttention", "T U V V V ?int32 ?T ?U ?V -> V V") { node in
    try node.projectedAttentionShapes(past: 8)
  }
}

extension Inference {
  fileprivate func projectedAttentionShapes(past: Int) throws -> [[Dim]] {
    let x = try shape(0, ofRank: 3, "the input") ?? .unknown(rank: 3)
    let weights = try shape(1, ofRank: 2, "the matrix of weights") ?? .unknown(rank: 2)
    try requireEqual(x[2], weights[0], "weights of shape \(weights) don't fit an input of shape \(x)")
    let (keyWidth, valueWidth) = try projectedWidths(weights[1])
    let heads = try headCount("num_heads", dividing: keyWidth)
    let result = [x[0], x[1], valueWidth]
    guard has(past) else { return [result, [2, x[0], heads, x[1], keyWidth.floorDivided(by: heads)]] }
    guard var cache = try shape(past, ofRank: 5, "the cache") else { return [result, .unknown(rank: 5)] }
    // A shared one has room for all that comes.
    if try !flag("past_present_share_buffer") { cache[3] += x[1] }
    return [result, cache]
  }

  /// The widths of keys and of values, of which there are as many numbers as columns of the weights.
  private func projectedWidths(_ columns: Dim) throws -> (keys: Dim, values: Dim) {
    guard let widths = try ints("qkv_hidden_sizes"), !widths.isEmpty else {
      try require(
        columns.number.map { $0 % 3 == 0 } ?? true, "\(columns) columns can't be shared out to queries, keys and values"
      )
      let width = columns.floorDivided(by: 3)
      return (width, width)
    }
    try require(
      widths.count == 3 && widths.allSatisfy { $0 > 0 } && widths[0] == widths[1],
      "qkv_hidden_sizes is \(widths), which are no widths of queries, keys and values")
    try requireEqual(
      columns, Dim(widths[0]) + Dim(widths[1]) + Dim(widths[2]), "qkv_hidden_sizes \(widths) don't fit the weights")
    return (Dim(widths[1]), Dim(widths[2]))
  }
}
