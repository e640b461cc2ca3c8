extension OperatorDeclaration {
  /// com.microsoft GroupQueryAttention: attention with a cache whose heads several heads of queries share; queries may have
  /// keys and values behind them.
  static let groupQueryAttention = OperatorDeclaration(
    "GroupQueryAttention", domain: microsoftDomain, shapeInputs: [6],
    types: { node in
      let type = try node.facts(0).kind
      return [
        type, try node.has(3) ? node.facts(3).kind : type, try node.has(4) ? node.facts(4).kind : type, type,
      ]
    }
  ) { node in
    let query = try node.shape(0, ofRank: 3, "queries") ?? .unknown(rank: 3)
    let counts = try ["num_heads", "kv_num_heads"].map { name in
      let count = try node.requiredInt(name)
      try node.require(count > 0, "\(name) is \(count)")
      return Dim(count)
    }
    let (heads, keyHeads) = (counts[0], counts[1])
    let all = node.has(1) ? heads : heads + 2 * keyHeads
    try node.require(
      query[2].number == nil || query[2].divided(exactlyBy: all) != nil,
      "\(all) heads can't share the width of queries of shape \(query)")
    let size = query[2].floorDivided(by: all)
    let (cache, total) = try node.groupCache([query[0], keyHeads, query[1], size])
    return [[query[0], query[1], heads * size], cache, cache, [query[0], heads, query[1], total]]
  }
}

extension Inference {
  /// The shape of the cache, which has room for as many tokens as input 6 says, and how many keys there are.
  ///
  /// - Parameter fresh: The shape of a cache that holds what the queries bring.
  fileprivate func groupCache(_ fresh: [Dim]) throws -> (shape: [Dim], total: Dim) {
    let total = try ifKnown { try element(6) } ?? .unknown()
    guard has(3) else {
      var shape = fresh
      if let total = total.number { shape[2] = Dim(total) }
      return (shape, total.number == nil ? shape[2] : total)
    }
    guard var shape = try shape(3, ofRank: 4, "past_key") else { return (fresh[..<2] + .unknown(rank: 2), total) }
    try requireEqual(shape[1], fresh[1], "the cache of shape \(shape) doesn't fit kv_num_heads")
    // A window's cache keeps its size.
    if try !flag("sliding_window_cache") {
      shape[2] = total.number.flatMap { total in shape[2].number.map { Dim(max(total, $0)) } } ?? .unknown()
    }
    return (shape, total)
  }
}
