import ZooCore

extension OperatorDeclaration {
  /// com.microsoft MultiHeadAttention: attention of (batch, length, heads · size), of packed keys and values (batch, length,
  /// heads, 2, size), or of all packed (batch, length, heads, 3, size); keys and values may also be (batch, heads, length,
  /// size).
  static let multiHeadAttention = microsoft(
    "MultiHeadAttention", "T ?T ?T ?T ?int32 ?T ?T ?T ?int32 ?int32 -> T T T _"
  ) { node in
    let operands = try PackedAttention(node)
    let result = [operands.batch, operands.queries, operands.heads * operands.valueSize]
    let past = node.has(6) ? try node.shape(6, ofRank: 4, "past_key")?[2] ?? .unknown() : 0
    // A shared cache has room for all that comes.
    let total = node.has(8) ? past : past + operands.keys
    let cache = [operands.batch, operands.heads, total]
    return [
      result, cache + [operands.keySize], cache + [operands.valueSize],
      [operands.batch, operands.heads, operands.queries, node.has(8) ? .unknown() : total],
    ]
  }.asFunction { f in
    guard f.optionalInput(8) == nil, f.optionalInput(9) == nil else {
      throw ZooError(.unsupported, "a cache that is shared between steps is not known")
    }
    let a = try f.multiHeadAttention()
    let results = try f.attention(a, keptKeys: 4, bias: 5, cacheOutputs: 1...2)
    return [results.result, results.key, results.value]
  }
}

extension FunctionBody {
  fileprivate mutating func multiHeadAttention() throws -> AttentionFunction {
    let operands = try PackedAttention(node)
    let numbers = try [
      operands.batch, operands.queries, operands.keys, operands.heads, operands.keySize, operands.valueSize,
    ].map { extent in
      guard let number = extent.number else { throw NotKnown() }
      return number
    }
    let (batch, queries, keys, heads) = (numbers[0], numbers[1], numbers[2], numbers[3])
    let (size, valueSize) = (numbers[4], numbers[5])
    guard try node.fixedShape(0).count == 3, try node.fixedShape(1).count != 5 else {
      throw ZooError(.unsupported, "queries, keys and values in one tensor are not taken apart")
    }
    var a = AttentionFunction(
      query: try input(0), key: try input(1), value: try input(2), hasHeadsApart: node.knownShape(1)?.count == 4,
      batch: batch,
      queries: queries, keys: keys, heads: heads, size: size, valueSize: valueSize)
    try addBias(to: &a)
    if let pastKey = optionalInput(6), let pastValue = optionalInput(7) {
      (a.pastKey, a.pastValue, a.past) = (pastKey, pastValue, try node.fixedShape(6)[2])
    }
    return a
  }

  /// The bias has the widths of queries, keys and values one after the other.
  private mutating func addBias(to a: inout AttentionFunction) throws {
    guard let bias = optionalInput(3) else { return }
    let (width, valueWidth) = (a.heads * a.size, a.heads * a.valueSize)
    let parts = try split(bias, [width, width, valueWidth], axis: 0)
    a.query = self("Add", a.query, parts[0])
    let (key, value) =
      try a.hasHeadsApart
      ? (reshape(parts[1], [a.heads, 1, a.size]), reshape(parts[2], [a.heads, 1, a.valueSize])) : (parts[1], parts[2])
    (a.key, a.value) = (self("Add", a.key, key), self("Add", a.value, value))
  }
}

/// The extents that operands of MultiHeadAttention tell.
private struct PackedAttention {
  let batch, queries, heads: Dim
  private(set) var keys, keySize, valueSize: Dim

  init(_ node: Inference) throws {
    guard let query = try node.facts(0).shape else {
      heads = Dim(try Self.headCount(node))
      (batch, queries, keys, keySize, valueSize) = (.unknown(), .unknown(), .unknown(), .unknown(), .unknown())
      return
    }
    try node.require(
      query.count == 3 || query.count == 5 && query[3].equals(3) != false,
      "queries of shape \(query) are not of rank 3, or 5 with keys and values")
    (batch, queries) = (query[0], query[1])
    if query.count == 5 {
      _ = try Self.headCount(node)
      (heads, keys, keySize, valueSize) = (query[2], query[1], query[4], query[4])
      return
    }
    heads = try node.headCount("num_heads", dividing: query[2])
    keySize = query[2].floorDivided(by: heads)
    (keys, valueSize) = (.unknown(), .unknown())
    try takeKeys(node, query)
  }

  private static func headCount(_ node: Inference) throws -> Int {
    let heads = try node.requiredInt("num_heads")
    try node.require(heads > 0, "num_heads is \(heads)")
    return heads
  }

  private mutating func takeKeys(_ node: Inference, _ query: [Dim]) throws {
    guard let key = try node.facts(1).shape else {
      if node.has(2), let value = try node.facts(2).shape { try takeValues(node, value) }
      return
    }
    try node.requireEqual(key.first ?? 0, batch, "the batches of \(query) and \(key) differ")
    switch key.count {
    case 5 where key[3].equals(2) != false: (keys, keySize, valueSize) = (key[1], key[4], key[4])
    case 4: (keys, keySize) = (key[2], key[3])
    case 3: keys = key[1]
    default: throw node.invalid("keys of shape \(key) are not of rank 3 or 4, or 5 with values")
    }
    if key.count == 5 { return }
    if let value = try node.facts(2).shape { try takeValues(node, value) }
  }

  private mutating func takeValues(_ node: Inference, _ value: [Dim]) throws {
    switch value.count {
    case 4: (keys, valueSize) = (try node.same(value[2], keys, "the lengths of keys and values differ"), value[3])
    case 3:
      keys = try node.same(value[1], keys, "the lengths of keys and values differ")
      valueSize = value[2].floorDivided(by: try node.headCount("num_heads", dividing: value[2]))
    default: throw node.invalid("values of shape \(value) are not of rank 3 or 4")
    }
  }
}
