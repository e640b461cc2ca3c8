import ZooCore

extension OperatorDeclaration {
  /// com.microsoft Attention: queries, keys and values are products of one tensor with one matrix; with a cache of both keys
  /// and values.
  static let microsoftAttention = microsoft("Attention", "T T ?T ?int32 ?T ?T ?int32 -> T T", .product) { node in
    try node.projectedAttentionShapes(past: 4)
  }.asFunction { f in
    var projected = f("MatMul", try f.input(0), try f.input(1))
    if let bias = f.optionalInput(2) { projected = f("Add", projected, bias) }
    return try f.projectedAttention(projected, mask: 3, past: 4, bias: 5)
  }

  /// com.microsoft QAttention: the same with quantized weights.
  static let qAttention = microsoft("QAttention", "T U V V V ?int32 ?T ?U ?V -> V V") { node in
    try node.projectedAttentionShapes(past: 8)
  }.asFunction { f in
    let product = f("MatMulInteger", try f.input(0), try f.input(1), f.optionalInput(6), f.optionalInput(7))
    let projected = try f.scaled(product, by: [f.input(3), f.input(4)], plus: f.input(2))
    return try f.projectedAttention(projected, mask: 5, past: 8, bias: nil)
  }
}

extension FunctionBody {
  /// Attention of queries, keys and values side by side, with a cache (2, batch, heads, length, size).
  fileprivate mutating func projectedAttention(
    _ projected: Value, mask: Int, past: Int, bias: Int?
  ) throws -> [Value?] {
    for name in ["do_rotary", "past_present_share_buffer"] where try node.flag(name) {
      throw ZooError(.unsupported, "attribute \(name) is set")
    }
    let (x, columns) = (try node.fixedShape(0), try node.fixedShape(1)[1])
    let widths =
      try node.ints("qkv_hidden_sizes").flatMap { $0.isEmpty ? nil : $0 } ?? [Int](repeating: columns / 3, count: 3)
    let heads = try node.requiredInt("num_heads")
    let parts = try split(projected, widths, axis: 2)
    var a = AttentionFunction(
      query: parts[0], key: parts[1], value: parts[2], batch: x[0], queries: x[1], keys: x[1], heads: heads,
      size: widths[0] / heads, valueSize: widths[2] / heads)
    if let cache = optionalInput(past) {
      a.past = try node.fixedShape(past)[3]
      (a.pastKey, a.pastValue) = (try cachePart(cache, 0), try cachePart(cache, 1))
    }
    let results = try attention(a, keptKeys: mask, bias: bias ?? node.inputs.count, cacheOutputs: 1...1)
    guard let key = results.key, let value = results.value else { return [results.result] }
    return [results.result, concat([try unsqueeze(key, [0]), try unsqueeze(value, [0])], axis: 0)]
  }

  private mutating func cachePart(_ cache: Value, _ index: Int) throws -> Value {
    self("Gather", cache, constant(try Tensor([Int64(index)], shape: [])), attributes: ["axis": .int(0)])
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
