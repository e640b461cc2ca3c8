extension OperatorDeclaration {
  /// ONNX LinearAttention: a state of (keys, values) for each head, updated token by token.
  static let linearAttention = OperatorDeclaration(
    "LinearAttention",
    // A state that begins is of the type of the rest.
    types: { node in [try node.facts(0).kind, try node.facts(node.has(3) ? 3 : 0).kind] }
  ) { node in
    let query = try node.shape(0, ofRank: 3, "query") ?? .unknown(rank: 3)
    let key = try node.shape(1, ofRank: 3, "key") ?? .unknown(rank: 3)
    let value = try node.shape(2, ofRank: 3, "value") ?? .unknown(rank: 3)
    let rule = try node.text("update_rule") ?? "gated_delta"
    try node.require(
      ["linear", "gated", "delta", "gated_delta"].contains(rule), "the update rule \"\(rule)\" is unknown")
    try node.require(!rule.hasPrefix("gated") || node.has(4), "the update rule \"\(rule)\" needs the input decay")
    try node.require(!rule.hasSuffix("delta") || node.has(5), "the update rule \"\(rule)\" needs the input beta")
    let heads = try node.headCount("q_num_heads", dividing: query[2])
    let stateHeads = try node.headCount("kv_num_heads", dividing: key[2])
    _ = try node.headCount("kv_num_heads", dividing: value[2])
    try node.require(
      heads.divided(exactlyBy: stateHeads) != nil, "\(heads) heads of queries can't be shared out to \(stateHeads)")
    let misfit = "shapes \(query), \(key) and \(value) don't fit together"
    let batch = try node.same(query[0], node.same(key[0], value[0], misfit), misfit)
    let steps = try node.same(query[1], node.same(key[1], value[1], misfit), misfit)
    let keySize = try node.same(
      query[2].floorDivided(by: heads), key[2].floorDivided(by: stateHeads), "\(misfit) (sizes of heads)")
    let valueSize = value[2].floorDivided(by: stateHeads)
    var state = [batch, stateHeads, keySize, valueSize]
    if node.has(3), let past = try node.shape(3, ofRank: 4, "past_state") {
      state = try zip(state, past).map { try node.same($0, $1, "the state of shape \(past) doesn't fit") }
    }
    return [[batch, steps, heads * valueSize], state]
  }
}
