import ZooCore

/// What com.microsoft's attentions have in common: queries, keys and values of (batch, length, heads · size), or keys and
/// values of (batch, heads, length, size), and a cache of (batch, heads, length, size).
struct AttentionFunction {
  var query, key, value: FunctionBody.Value
  /// Whether keys and values have their heads apart.
  var hasHeadsApart = false
  let batch, queries, keys, heads: Int
  let size, valueSize: Int
  var pastKey, pastValue: FunctionBody.Value?
  /// The length of the cache.
  var past = 0

  var total: Int { past + keys }
}

extension FunctionBody {
  /// The result (batch, queries, heads · size of values), and the caches that later keys and values go on from.
  ///
  /// - Parameters:
  ///   - keptKeys: An input that says which keys count, in one of the forms that the operators share.
  ///   - bias: An input that is added to the scores.
  mutating func attention(
    _ a: AttentionFunction, keptKeys: Int, bias: Int, cacheOutputs: ClosedRange<Int>
  ) throws -> (result: Value, key: Value?, value: Value?) {
    let type = try node.elementType(0)
    let mask = try scoreBias(a, keptKeys: keptKeys, bias: bias, type)
    let wantsCache = cacheOutputs.contains { isUsed(output: $0) }
    let scale = try node.float("scale").flatMap { $0 == 0 ? nil : $0 }
    let query = a.hasHeadsApart ? try apart(a.query, a.batch, a.queries, a.heads, a.size) : a.query
    let heads: Attribute.Value? = a.hasHeadsApart ? nil : .int(Int64(a.heads))
    let outputs = add(
      "Attention", [query, a.key, a.value, mask, a.pastKey, a.pastValue], outputs: wantsCache ? 3 : 1,
      attributes: [
        "is_causal": .int(try node.flag("unidirectional") ? 1 : 0), "scale": scale.map { .float($0) },
        "q_num_heads": heads, "kv_num_heads": heads,
      ])
    var result = outputs[0]
    if a.hasHeadsApart {
      result = try reshape(transpose(result, [0, 2, 1, 3]), [a.batch, a.queries, a.heads * a.valueSize])
    }
    return (result, wantsCache ? outputs[1] : nil, wantsCache ? outputs[2] : nil)
  }

  /// (batch, length, heads · size) with the heads apart.
  mutating func apart(
    _ value: Value, _ batch: Int, _ length: Int, _ heads: Int, _ size: Int
  ) throws -> Value {
    transpose(try reshape(value, [batch, length, heads, size]), [0, 2, 1, 3])
  }

  /// What is added to scores of (batch, heads, queries, keys).
  private mutating func scoreBias(
    _ a: AttentionFunction, keptKeys: Int, bias: Int, _ type: ElementType
  ) throws -> Value? {
    let filter = try node.has(keptKeys) ? cast(filteredScores(a, keptKeys), from: .float32, to: type) : nil
    guard let bias = optionalInput(bias) else { return filter }
    return filter.map { self("Add", bias, $0) } ?? bias
  }

  /// `mask_filter_value` where a key does not count, and else 0.
  private mutating func filteredScores(_ a: AttentionFunction, _ index: Int) throws -> Value {
    let isKept = try keptKeys(a, index)
    return self(
      "Where", isKept, try number(0), try number(Double(node.float("mask_filter_value") ?? -10_000)))
  }

  /// Whether a key counts: lengths of texts, their ends and then their beginnings, or a number for each key.
  private mutating func keptKeys(_ a: AttentionFunction, _ index: Int) throws -> Value {
    let (shape, mask) = (try node.fixedShape(index), try input(index))
    switch shape {
    case [a.batch]: return try isKey(before: mask, a)
    case [2 * a.batch]:
      let bounds = try split(mask, [a.batch, a.batch], axis: 0)
      return self("And", try isKey(before: bounds[0], a), self("Not", try isKey(before: bounds[1], a)))
    case [a.batch, a.total]: return try reshape(cast(mask, to: .bool), [a.batch, 1, 1, a.total])
    case [a.batch, a.queries, a.total]:
      return try reshape(cast(mask, to: .bool), [a.batch, 1, a.queries, a.total])
    default:
      throw ZooError(
        .unsupported, "a mask of shape \(shape) for \(a.batch) texts of \(a.queries) queries and \(a.total) keys")
    }
  }

  /// Which keys (batch, 1, 1, keys) lie before the places in `end`, one for each text.
  private mutating func isKey(before end: Value, _ a: AttentionFunction) throws -> Value {
    let places = try unsqueeze(try self.places(a.total, .int32), [0, 1, 2])
    return self("Less", places, try reshape(end, [a.batch, 1, 1, 1]))
  }
}
