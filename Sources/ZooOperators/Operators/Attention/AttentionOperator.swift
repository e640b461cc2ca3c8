import ZooCore

extension OperatorDeclaration {
  /// ONNX Attention: softmax(Q·Kᵀ·scale + bias)·V for many heads, with grouped heads, masks, a cache of keys and values, and
  /// windows.
  static let attention = OperatorDeclaration("Attention") { node in
    try node.checkAttentionAttributes()
    guard let extents = try AttentionExtents(node) else {
      return [nil] + (0..<3).map { _ in .unknown(rank: 4) }
    }
    try extents.checkMask(node)
    let cache = [extents.batch, extents.keyHeads, extents.total]
    return [
      extents.output, cache + [extents.headSize], cache + [extents.valueSize],
      [extents.batch, extents.heads, extents.queries, extents.total],
    ]
  }
}

extension Inference {
  fileprivate func checkAttentionAttributes() throws {
    for name in ["left_window_size", "right_window_size"] {
      let size = try int(name, default: -1)
      try require(size >= -1, "\(name) is \(size)")
    }
    let shown = try int("qk_matmul_output_mode", default: 0)
    try require((0...3).contains(shown), "qk_matmul_output_mode is \(shown), not 0 to 3")
    try require(has(4) == has(5), "past_key and past_value come together or not at all")
    try require(!has(6) || !has(4), "nonpad_kv_seqlen goes without past_key")
  }
}

/// The extents that the shapes of queries, keys, values and the cache of an attention tell; those that are not known are
/// `Dim.unknown()`.
struct AttentionExtents {
  var batch, heads, keyHeads, queries: Dim
  /// New keys, and with those in the cache.
  var keys, total: Dim
  var headSize, valueSize: Dim
  /// Whether queries, keys, values and the result are (batch, length, heads · size), not (batch, heads, length, size).
  var isFlat: Bool

  /// `nil` where the rank is not known.
  init?(_ node: Inference) throws {
    let shapes = try (0..<3).map { try node.facts($0).shape }
    guard let rank = shapes.lazy.compactMap({ $0?.count }).first else { return nil }
    try node.require(
      (rank == 3 || rank == 4) && shapes.allSatisfy { $0 == nil || $0?.count == rank },
      "queries, keys and values must all be of rank 3 or 4, not "
        + shapes.map { $0.map { "\($0)" } ?? "unknown" }.joined(separator: ", "))
    let known = shapes.map { shape in shape ?? .unknown(rank: rank) }
    try self.init(node, query: known[0], key: known[1], value: known[2])
    try takeCache(node)
  }

  private init(_ node: Inference, query: [Dim], key: [Dim], value: [Dim]) throws {
    let misfit = "shapes \(query), \(key) and \(value) don't fit together"
    isFlat = query.count == 3
    if isFlat {
      let heads = try node.headCount("q_num_heads", dividing: query[2])
      let keyHeads = try node.headCount("kv_num_heads", dividing: key[2])
      _ = try node.headCount("kv_num_heads", dividing: value[2])
      (self.heads, self.keyHeads, queries) = (heads, keyHeads, query[1])
      headSize = try node.same(
        query[2].floorDivided(by: heads), key[2].floorDivided(by: keyHeads), "\(misfit) (sizes of heads)")
      valueSize = value[2].floorDivided(by: keyHeads)
      keys = try node.same(key[1], value[1], "\(misfit) (lengths)")
    } else {
      (heads, queries, valueSize) = (query[1], query[2], value[3])
      keyHeads = try node.same(key[1], value[1], "\(misfit) (heads)")
      headSize = try node.same(query[3], key[3], "\(misfit) (sizes of heads)")
      keys = try node.same(key[2], value[2], "\(misfit) (lengths)")
    }
    batch = try node.same(
      query[0], node.same(key[0], value[0], "\(misfit) (batches)"), "\(misfit) (batches)")
    total = keys
    if let heads = heads.number, let keyHeads = keyHeads.number {
      try node.require(
        keyHeads > 0 && heads % keyHeads == 0,
        "\(heads) heads of queries can't be shared out to \(keyHeads) heads of keys")
    }
  }

  private mutating func takeCache(_ node: Inference) throws {
    if node.has(4) {
      let pastKeys = try node.shape(4, ofRank: 4, "past_key"), pastValues = try node.shape(5, ofRank: 4, "past_value")
      let past = try node.same(
        pastKeys?[2] ?? .unknown(), pastValues?[2] ?? .unknown(), "the lengths of past_key and past_value differ")
      for (shape, size) in [(pastKeys, headSize), (pastValues, valueSize)] {
        for (own, wanted) in zip(shape ?? [], [batch, keyHeads, past, size]) {
          try node.requireEqual(own, wanted, "the cache of shape \(shape ?? []) doesn't fit")
        }
      }
      total = past + keys
    }
    if node.has(6), let valid = try node.shape(6, ofRank: 1, "nonpad_kv_seqlen") {
      try node.requireEqual(valid[0], batch, "nonpad_kv_seqlen has one number for each sample")
    }
  }

  var output: [Dim] {
    isFlat ? [batch, queries, heads * valueSize] : [batch, heads, queries, valueSize]
  }

  /// The mask broadcasts to (batch, heads, queries, total), of which its last extent may be a part.
  func checkMask(_ node: Inference) throws {
    guard node.has(3) else { return }
    if let type = try node.facts(3).elementType, let own = try node.facts(0).elementType {
      try node.require(type == .bool || type == own, "the mask is \(type.name), not bool or \(own.name)")
    }
    guard let shape = try node.facts(3).shape else { return }
    try node.require((1...4).contains(shape.count), "a mask of shape \(shape) is not of rank 1 to 4")
    let length = shape[shape.count - 1]
    try node.require(
      ((total - length).number ?? 0) >= 0, "a mask of shape \(shape) doesn't fit \(total) keys")
    try node.requireBroadcast(
      shape.dropLast(), to: [batch, heads, queries],
      "a mask of shape \(shape) doesn't broadcast to \([batch, heads, queries, total])")
  }
}

extension Inference {
  /// The number of heads that an attribute gives, which divides `width`.
  func headCount(_ name: String, dividing width: Dim) throws -> Dim {
    let count = try requiredInt(name)
    try require(count > 0, "\(name) is \(count)")
    try require(width.number.map { $0 % count == 0 } ?? true, "\(name), which is \(count), does not divide \(width)")
    return Dim(count)
  }
}
