import PluginSupport
import ZooPlugin

/// ONNX Attention: softmax(Q·Kᵀ·scale + bias)·V for many heads (Vaswani et al. 2017, section 3.2), with grouped heads,
/// masks, a cache of keys and values, and windows.
struct Attention: Operator {
  let signature: Signature
  let host: ZooHost

  init(since: Int64, host: ZooHost) {
    signature = Signature("Attention", since: since)
    self.host = host
  }

  /// zoo.CachedAttention, which ModelZoo makes of attentions over caches of float16, or of int8 with scales.
  init(cachedOn host: ZooHost) {
    signature = Signature("CachedAttention", domain: "zoo", since: 1)
    self.host = host
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let type = try node.input(0).type
    guard type == .float32 else { throw unsupported(type) }
    return AttentionKernel(
      try AttentionGeometry(node), kernels: host.kernels, workers: executor.workerCount,
      outputs: (0..<4).map { node.output($0) != nil })
  }
}

/// The inputs of Attention by position.
enum AttentionInput {
  static let (query, key, value, mask, pastKey, pastValue, validKeys) = (0, 1, 2, 3, 4, 5, 6)
  /// Of zoo.CachedAttention.
  static let (keyScales, valueScales) = (7, 8)
}

/// What the scores output shows.
enum ScoresOutput: Int {
  case product = 0
  case capped = 1
  case biased = 2
  case softmax = 3
}

/// The shapes and attributes of an attention node, checked.
struct AttentionGeometry: Sendable {
  /// How the matrices of samples and heads lie: strides in elements; columns are dense.
  struct Matrices: Sendable {
    var sample, head, row: Int

    func offset(sample index: Int, head: Int, row: Int = 0) -> Int {
      index * sample + head * self.head + row * self.row
    }

    /// Of (batch, rows, heads · size), or else (batch, heads, rows, size).
    init(isFlat: Bool, heads: Int, rows: Int, size: Int) {
      sample = heads * rows * size
      head = isFlat ? size : rows * size
      row = isFlat ? heads * size : size
    }
  }

  var batch, heads, keyHeads, queries: Int
  /// New keys, and those in the cache.
  var keys, past: Int
  var headSize, valueSize: Int
  /// Whether queries, keys, values and the result are (batch, length, heads · size).
  var isFlat: Bool
  var mask: MaskGeometry?
  var hasValidKeys: Bool
  var isCausal: Bool
  /// How many keys before and after its own position a query sees; `nil` for all.
  var before, after: Int?
  var scale: Float
  var softcap: Float
  var scores: ScoresOutput
  /// What keys and values lie as.
  var keyForm = CacheForm.float32, valueForm = CacheForm.float32

  init(_ node: Node) throws {
    let query = try node.input(AttentionInput.query)
    let key = try node.input(AttentionInput.key)
    let value = try node.input(AttentionInput.value)
    let attributes = node.attributes
    guard query.rank == 3 || query.rank == 4, key.rank == query.rank, value.rank == query.rank else {
      throw OperatorError(
        "queries, keys and values must all be of rank 3 or 4, not \(query.shape), \(key.shape) and \(value.shape)")
    }
    guard value.type == key.type, key.type == query.type || node.operatorType == "CachedAttention" else {
      throw OperatorError("queries, keys and values are \(query.type.name), \(key.type.name) and \(value.type.name)")
    }
    isFlat = query.rank == 3
    batch = query.shape[0]
    if isFlat {
      guard let heads = try attributes.int("q_num_heads"), let keyHeads = try attributes.int("kv_num_heads"),
        heads > 0, keyHeads > 0, query.shape[2] % heads == 0, key.shape[2] % keyHeads == 0,
        value.shape[2] % keyHeads == 0
      else {
        throw OperatorError(
          "q_num_heads and kv_num_heads must divide the widths of \(query.shape), \(key.shape) and \(value.shape)")
      }
      (self.heads, self.keyHeads) = (heads, keyHeads)
      (queries, keys) = (query.shape[1], key.shape[1])
      (headSize, valueSize) = (query.shape[2] / heads, value.shape[2] / keyHeads)
      guard key.shape[2] / keyHeads == headSize, value.shape[1] == keys else {
        throw OperatorError("shapes \(query.shape), \(key.shape) and \(value.shape) don't fit together")
      }
    } else {
      (heads, keyHeads) = (query.shape[1], key.shape[1])
      (queries, keys) = (query.shape[2], key.shape[2])
      (headSize, valueSize) = (query.shape[3], value.shape[3])
      guard key.shape[3] == headSize, value.shape[1] == keyHeads, value.shape[2] == keys else {
        throw OperatorError("shapes \(query.shape), \(key.shape) and \(value.shape) don't fit together")
      }
    }
    guard key.shape[0] == batch, value.shape[0] == batch else {
      throw OperatorError("the batches of \(query.shape), \(key.shape) and \(value.shape) differ")
    }
    guard keyHeads > 0, heads % keyHeads == 0 else {
      throw OperatorError("\(heads) heads of queries can't be shared out to \(keyHeads) heads of keys")
    }

    past = 0
    let pastKey = node.optionalInput(AttentionInput.pastKey)
    let pastValue = node.optionalInput(AttentionInput.pastValue)
    guard (pastKey == nil) == (pastValue == nil) else {
      throw OperatorError("past_key and past_value come together or not at all")
    }
    if let pastKey, let pastValue {
      past = pastKey.rank == 4 ? pastKey.shape[2] : 0
      guard pastKey.shape == [batch, keyHeads, past, headSize], pastValue.shape == [batch, keyHeads, past, valueSize],
        pastKey.type == query.type, pastValue.type == query.type
      else { throw OperatorError("the cache of shapes \(pastKey.shape) and \(pastValue.shape) doesn't fit") }
    }
    hasValidKeys = false
    if let valid = node.optionalInput(AttentionInput.validKeys) {
      guard valid.type == .int64, valid.shape == [batch], pastKey == nil else {
        throw OperatorError("nonpad_kv_seqlen has to be int64 of shape [\(batch)], without past_key")
      }
      hasValidKeys = true
    }
    let total = try past.adding(keys)
    mask = nil
    if let given = node.optionalInput(AttentionInput.mask) {
      mask = try MaskGeometry(given, type: query.type, batch: batch, heads: heads, queries: queries, total: total)
    }
    isCausal = try attributes.int("is_causal") ?? 0 != 0
    before = try Self.window("left_window_size", attributes)
    after = try Self.window("right_window_size", attributes)
    scale = try attributes.float("scale") ?? 1 / Float(max(headSize, 1)).squareRoot()
    softcap = try attributes.float("softcap") ?? 0
    guard let shown = ScoresOutput(rawValue: try attributes.int("qk_matmul_output_mode") ?? 0) else {
      throw OperatorError("qk_matmul_output_mode has to be 0 to 3")
    }
    scores = shown
    keyForm = try CacheForm(key, size: headSize, scales: node.optionalInput(AttentionInput.keyScales))
    valueForm = try CacheForm(value, size: valueSize, scales: node.optionalInput(AttentionInput.valueScales))
    // Of an empty width any number of heads is a part.
    for size in [headSize, valueSize] { _ = try elementCount([batch, heads, max(queries, total), size]) }
    _ = try elementCount([batch, heads, queries, total])
  }

  private static func window(_ name: String, _ attributes: Attributes) throws -> Int? {
    let size = try attributes.int(name) ?? -1
    guard size >= -1 else { throw OperatorError("\(name) is \(size)") }
    // No position is further away, and sums with positions don't overflow.
    return size < 0 ? nil : min(size, 1 << 48)
  }

  var total: Int { past + keys }
  var outputShape: [Int] {
    isFlat ? [batch, queries, heads * valueSize] : [batch, heads, queries, valueSize]
  }

  var query: Matrices { Matrices(isFlat: isFlat, heads: heads, rows: queries, size: headSize) }
  var key: Matrices { Matrices(isFlat: isFlat, heads: keyHeads, rows: keys, size: headSize) }
  var value: Matrices { Matrices(isFlat: isFlat, heads: keyHeads, rows: keys, size: valueSize) }
  var result: Matrices { Matrices(isFlat: isFlat, heads: heads, rows: queries, size: valueSize) }

  /// The keys that a query may see, apart from what the mask says.
  ///
  /// - Parameter valid: how many keys of the sample are no padding.
  func visible(to query: Int, valid: Int?) -> Range<Int> {
    let position = query + (valid.map { $0 - queries } ?? past)
    var (low, high) = (0, min(total, valid ?? total, mask?.length ?? total))
    if isCausal { high = min(high, position + 1) }
    if let before { low = max(low, position - before) }
    if let after { high = min(high, position + after + 1) }
    return low < high ? low..<high : 0..<0
  }
}

/// What keys or values lie as.
enum CacheForm: Sendable {
  case float32, float16
  /// With a scale for each `block` of a head's numbers.
  case int8(block: Int)

  var isNarrow: Bool {
    if case .float32 = self { return false }
    return true
  }

  init(_ rows: TensorView, size: Int, scales: TensorView?) throws {
    switch (rows.type, scales) {
    case (.float32, nil): self = .float32
    case (.float16, nil): self = .float16
    case (.int8, let scales?):
      let count = scales.shape.last ?? 0
      guard scales.type == .float32, scales.shape.dropLast() == rows.shape.dropLast(), count > 0,
        let width = rows.shape.last, width % count == 0, width > 0, size % (width / count) == 0
      else { throw OperatorError("scales of shape \(scales.shape) don't fit \(rows.shape)") }
      self = .int8(block: width / count)
    default: throw unsupported(rows.type)
    }
  }
}

/// How an attention mask repeats over samples, heads and queries.
struct MaskGeometry: Sendable {
  var count: Int
  var isBool: Bool
  /// Strides in elements; 0 repeats.
  var sample, head, row: Int
  /// Keys that the mask covers; others are hidden.
  var length: Int

  init(_ mask: TensorView, type: ElementType, batch: Int, heads: Int, queries: Int, total: Int) throws {
    isBool = mask.type == .bool
    guard isBool || mask.type == type else {
      throw OperatorError("the mask is \(mask.type.name), not bool or \(type.name)")
    }
    let shape = mask.shape
    guard (1...4).contains(shape.count), let length = shape.last, length <= total else {
      throw OperatorError("a mask of shape \(shape) doesn't fit \(total) keys")
    }
    let padded = [Int](repeating: 1, count: 4 - shape.count) + shape
    let strides = rowMajorStrides(padded)
    for (extent, wanted) in zip(padded, [batch, heads, queries]) where extent != 1 && extent != wanted {
      throw OperatorError("a mask of shape \(shape) doesn't broadcast to [\(batch), \(heads), \(queries), \(total)]")
    }
    func stride(_ axis: Int) -> Int { padded[axis] == 1 ? 0 : strides[axis] }
    (sample, head, row) = (stride(0), stride(1), stride(2))
    self.length = length
    count = mask.count
  }

  func offset(sample index: Int, head: Int, row: Int) -> Int { index * sample + head * self.head + row * self.row }
}
