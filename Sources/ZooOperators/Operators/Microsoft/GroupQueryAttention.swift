import ZooCore

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
  }.asFunction { try $0.groupQueryAttention() }
}

/// The extents of a GroupQueryAttention in numbers.
private struct GroupExtents {
  let batch, queries, heads, keyHeads, size: Int
  /// How long the cache is that comes in, and the one that goes out.
  let past, room: Int
  let isPacked: Bool

  init(_ node: Inference) throws {
    let query = try node.fixedShape(0)
    (batch, queries) = (query[0], query[1])
    (heads, keyHeads) = (try node.requiredInt("num_heads"), try node.requiredInt("kv_num_heads"))
    isPacked = !node.has(1)
    size = query[2] / (isPacked ? heads + 2 * keyHeads : heads)
    past = try node.has(3) ? node.fixedShape(3)[2] : 0
    room = max(past, try node.integer(6))
    try node.require(room <= 1 << 40, "\(room) keys are too many")
    try node.require(room >= queries, "\(room) keys in all are fewer than the \(queries) new ones")
  }
}

extension FunctionBody {
  fileprivate mutating func groupQueryAttention() throws -> [Value?] {
    for name in ["smooth_softmax", "sliding_window_cache", "qk_output"] where try node.int(name, default: 0) > 0 {
      throw ZooError(.unsupported, "attribute \(name) is set")
    }
    let e = try GroupExtents(node)
    // The place of each text's last key, and those of its queries.
    let last = try reshape(cast(input(5), to: .int64), [e.batch, 1])
    let first = self("Max", self("Sub", last, try integers([e.queries - 1])), try integers([0]))
    let places = self("Add", first, try unsqueeze(try self.places(e.queries), [0]))
    let (query, key, value) = try turnedHeads(e, places)
    let keys = try cached(key, 3, first, e)
    let values = try cached(value, 4, first, e)
    let result = self(
      "Attention", query, keys, values, try visibleKeys(e, last: last, places: places), keeping: ["softcap"],
      attributes: ["scale": try node.float("scale").flatMap { $0 == 0 ? nil : .float($0) }])
    return [
      try reshape(transpose(result, [0, 2, 1, 3]), [e.batch, e.queries, e.heads * e.size]), keys, values,
    ]
  }

  /// Queries, keys and values with the heads apart, the first two turned by their places if the node asks for that.
  private mutating func turnedHeads(
    _ e: GroupExtents, _ places: Value
  ) throws -> (query: Value, key: Value, value: Value) {
    let widths = [e.heads, e.keyHeads, e.keyHeads].map { $0 * e.size }
    let parts = try e.isPacked ? split(input(0), widths, axis: 2) : [input(0), input(1), input(2)]
    var query = try apart(parts[0], e.batch, e.queries, e.heads, e.size)
    var key = try apart(parts[1], e.batch, e.queries, e.keyHeads, e.size)
    if try node.flag("do_rotary") {
      let turned = try 2 * (node.fixedShape(7).last ?? 0)
      let positions = optionalInput(9) ?? places
      let (cosine, sine) = (try input(7), try input(8))
      func turn(_ x: Value, _ f: inout FunctionBody) throws -> Value {
        f(
          "RotaryEmbedding", x, cosine, sine, positions,
          attributes: [
            "interleaved": .int(try f.node.flag("rotary_interleaved") ? 1 : 0),
            "rotary_embedding_dim": turned == e.size ? nil : .int(Int64(turned)),
          ])
      }
      (query, key) = (try turn(query, &self), try turn(key, &self))
    }
    return (query, key, try apart(parts[2], e.batch, e.queries, e.keyHeads, e.size))
  }

  /// The cache in input `past` with new keys or values behind those that each text has.
  private mutating func cached(
    _ new: Value, _ past: Int, _ first: Value, _ e: GroupExtents
  ) throws -> Value {
    if e.past == 0, e.room == e.queries { return new }
    var cache = optionalInput(past)
    if e.past < e.room {
      let shape = [e.batch, e.keyHeads, e.room - e.past, e.size]
      let empty = self("Expand", try number(0, node.elementType(0)), try integers(shape))
      cache = cache.map { concat([$0, empty], axis: 2) } ?? empty
    }
    return self("TensorScatter", cache, new, try reshape(first, [e.batch]), attributes: ["axis": .int(-2)])
  }

  /// Which keys (batch, 1, queries, keys) a query sees, or what is added to their scores.
  private mutating func visibleKeys(_ e: GroupExtents, last: Value, places: Value) throws -> Value {
    let keys = try unsqueeze(try self.places(e.room), [0, 1, 2])
    let own = try reshape(places, [e.batch, 1, e.queries, 1])
    var isVisible = self(
      "And", self("LessOrEqual", keys, own), self("LessOrEqual", keys, try reshape(last, [e.batch, 1, 1, 1])))
    let window = try node.int("local_window_size", default: -1)
    if window > 0 {
      isVisible = self("And", isVisible, self("Greater", keys, self("Sub", own, try integers([window]))))
    }
    guard let bias = optionalInput(10) else { return isVisible }
    return self("Where", isVisible, bias, try number(-.infinity, node.elementType(0)))
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
