import ZooCore

extension KerasLayers {
  static let attention: [String: Writer] = ["MultiHeadAttention": { try $0.multiHeadAttention($1) }]
}

extension KerasBuilder {
  /// Attention of several heads (Vaswani et al. 2017) with products before and behind it.
  fileprivate mutating func multiHeadAttention(_ call: KerasLayerCall) throws -> KerasValue {
    let inputs = try attentionInputs(call)
    let settings = call.settings
    for unknown in ["use_gate", "sliding_window"] where settings.value(unknown).map({ $0.bool != false }) ?? false {
      throw ZooError(.unsupported, "attention with \(unknown) can't be read")
    }
    let heads = try settings.count("num_heads")
    let keySize = try settings.count("key_dim")
    let valueSize = try settings.count("value_dim", or: keySize)
    let hasBias = try settings.bool("use_bias", or: true)
    func features(_ value: KerasValue) throws -> Int { try call.known(value.shape[2], "the number of features") }
    let width =
      try settings.value("output_shape").map { shape in
        guard let width = shape.integer ?? (shape.list?.count == 1 ? shape.list?.first?.integer : nil), width > 0 else {
          throw ZooError(.unsupported, "attention whose output has several axes can't be read")
        }
        return width
      } ?? features(inputs.query)
    var shapes: [[Int]] = []
    for (value, size) in [(inputs.query, keySize), (inputs.key, keySize), (inputs.value, valueSize)] {
      shapes += [[try features(value), heads, size]] + (hasBias ? [[heads, size]] : [])
    }
    shapes += [[heads, valueSize, width]] + (hasBias ? [[width]] : [])
    let variables = try call.variables(shapes)
    func part(_ index: Int) -> (kernel: StoredTensor, bias: StoredTensor?) {
      hasBias ? (variables[2 * index], variables[2 * index + 1]) : (variables[index], nil)
    }
    // Keys are turned at once: the product is with their transpose.
    let query = try projection(call, "query", inputs.query, part(0), heads, keySize, order: [0, 2, 1, 3])
    let key = try projection(call, "key", inputs.key, part(1), heads, keySize, order: [0, 2, 3, 1])
    let value = try projection(call, "value", inputs.value, part(2), heads, valueSize, order: [0, 2, 1, 3])
    let probabilities = try probabilities(
      call, query, key, mask: attentionMask(call, inputs), scale: 1 / Float(keySize).squareRoot())
    let (batch, rows) = (inputs.query.shape[0], inputs.query.shape[1])
    let context = node(
      "MatMul", "\(call.name)/context", [probabilities.name, value.name], shape: [batch, heads, rows, valueSize])
    let turned = node(
      "Transpose", "\(call.name)/heads_last", [context.name], [Attribute("perm", .ints([0, 2, 1, 3]))],
      shape: [batch, rows, heads, valueSize])
    let joined = node(
      "Reshape", "\(call.name)/joined",
      [turned.name, try constant("\(call.name)/joined_shape", [0, 0, heads * valueSize])],
      shape: [batch, rows, heads * valueSize])
    let last = part(3)
    let kernel = try constant("\(call.name)/output_kernel", last.kernel.reshaped([heads * valueSize, width]))
    var output = node(
      "MatMul", last.bias == nil ? call.name : "\(call.name)/output", [joined.name, kernel],
      shape: [batch, rows, width])
    if let bias = last.bias {
      output = node("Add", call.name, [output.name, constant("\(call.name)/output_bias", bias)], like: output)
    }
    output.mask = inputs.queryMask
    return output
  }

  private struct AttentionInputs {
    var query: KerasValue
    var value: KerasValue
    var key: KerasValue
    var queryMask: String?
    /// Masks of the values and of keys of their own.
    var keyMasks: [String]
  }

  private mutating func attentionInputs(_ call: KerasLayerCall) throws -> AttentionInputs {
    func argument(_ place: Int, _ name: String) -> KerasValue? {
      place < call.operands.count ? call.operands[place].value : call.named[name]?.value
    }
    guard let query = argument(0, "query"), let value = argument(1, "value"), call.operands.count <= 3 else {
      throw ZooError(.unsupported, "attention is called with \(call.operands.count) values")
    }
    guard !call.arguments.flags.contains("return_attention_scores") else {
      throw ZooError(.unsupported, "attention that gives its scores can't be read")
    }
    let key = argument(2, "key")
    let axes = call.settings.value("attention_axes").map { $0.list ?? [$0] }
    guard [query, value, key ?? value].allSatisfy({ $0.rank == 3 }),
      axes.map({ $0.count == 1 && [1, -1].contains($0[0].integer ?? 0) }) ?? true
    else { throw ZooError(.unsupported, "attention over several axes can't be read") }
    return AttentionInputs(
      query: plain(query), value: plain(value), key: plain(key ?? value), queryMask: query.mask,
      keyMasks: [value.mask, key?.name == value.name ? nil : key?.mask].compactMap { $0 })
  }

  /// Heads of a product: (batch, steps, features) as (batch, heads, …) in the given order of (batch, steps, heads, size).
  private mutating func projection(
    _ call: KerasLayerCall, _ name: String, _ input: KerasValue, _ part: (kernel: StoredTensor, bias: StoredTensor?),
    _ heads: Int, _ size: Int, order: [Int]
  ) throws -> KerasValue {
    let width = heads * size
    let kernel = try constant("\(call.name)/\(name)_kernel", part.kernel.reshaped([part.kernel.shape[0], width]))
    let shape = Array(input.shape.dropLast()) + [width]
    var product = node("MatMul", "\(call.name)/\(name)_product", [input.name, kernel], shape: shape)
    if let bias = part.bias {
      let numbers = try constant("\(call.name)/\(name)_bias", bias.reshaped([width]))
      product = node("Add", "\(call.name)/\(name)_sum", [product.name, numbers], like: product)
    }
    let split = [input.shape[0], input.shape[1], heads, size]
    let parts = node(
      "Reshape", "\(call.name)/\(name)_split",
      [product.name, try constant("\(call.name)/\(name)_shape", [0, 0, heads, size])], shape: split)
    return node(
      "Transpose", "\(call.name)/\(name)", [parts.name], [Attribute("perm", .ints(order.map(Int64.init)))],
      shape: order.map { split[$0] })
  }

  /// Softmax of the scaled products. Where the mask leaves a row nothing, all keys count the same; with dropout Keras goes
  /// another way, and none does.
  private mutating func probabilities(
    _ call: KerasLayerCall, _ query: KerasValue, _ key: KerasValue, mask: String?, scale: Float
  ) throws -> KerasValue {
    let shape = Array(query.shape.dropLast()) + [key.shape[3]]
    let products = node("MatMul", "\(call.name)/products", [query.name, key.name], shape: shape)
    var scores = node(
      "Mul", "\(call.name)/scores", [products.name, try constant("\(call.name)/scale", [scale], shape: [])],
      like: products)
    if let mask {
      let hidden = try constant("\(call.name)/hidden", [-1e9], shape: [])
      scores = node("Where", "\(call.name)/masked", [mask, scores.name, hidden], like: scores)
    }
    let softmax = node(
      "Softmax", "\(call.name)/softmax", [scores.name], [Attribute("axis", .int(-1))], like: scores)
    guard let mask, try call.settings.number("dropout", or: 0) > 0 else { return softmax }
    let zero = try constant("\(call.name)/zero", [0], shape: [])
    return node("Where", "\(call.name)/probabilities", [mask, softmax.name, zero], like: softmax)
  }

  /// Which keys a query sees: truth values that go with (batch, heads, queries, keys). `nil` where it sees all.
  private mutating func attentionMask(_ call: KerasLayerCall, _ inputs: AttentionInputs) throws -> String? {
    var masks: [String] = []
    func add(_ name: String, _ axes: [Int], _ what: String) throws {
      masks.append(
        node("Unsqueeze", "\(call.name)/\(what)", [name, try constant("\(call.name)/\(what)_axes", axes)], shape: [])
          .name)
    }
    if let mask = inputs.queryMask { try add(mask, [1, 3], "query_mask") }
    for (number, mask) in inputs.keyMasks.enumerated() { try add(mask, [1, 2], "key_mask_\(number)") }
    if let given = call.named["attention_mask"]?.value {
      let truth = node("Cast", "\(call.name)/given_truth", [given.name], [Attribute("to", .int(9))], like: given)
      switch given.rank {
      case 4: masks.append(truth.name)
      case 3: try add(truth.name, [1], "given_mask")
      case 2: try add(truth.name, [0, 1], "given_mask")
      default: throw ZooError(.unsupported, "a mask of \(given.rank) axes can't be read")
      }
    }
    if call.arguments.flags.contains("use_causal_mask") { masks.append(try causalMask(call, inputs)) }
    guard var mask = masks.first else { return nil }
    for (number, other) in masks.enumerated().dropFirst() {
      mask = node("And", "\(call.name)/mask_\(number)", [mask, other], shape: []).name
    }
    return mask
  }

  /// Queries by keys: whether the key is no later than the query.
  private mutating func causalMask(_ call: KerasLayerCall, _ inputs: AttentionInputs) throws -> String {
    func places(_ value: KerasValue, _ what: String, axis: Int) throws -> String {
      let shape = node("Shape", "\(call.name)/\(what)_extents", [value.name], shape: [3])
      let count = node(
        "Gather", "\(call.name)/\(what)_count",
        [shape.name, try constant("\(call.name)/\(what)_axis", StoredTensor(Tensor([Int64(1)], shape: [])))], shape: [])
      let zero = try constant("\(call.name)/start", StoredTensor(Tensor([Int64(0)], shape: [])))
      let one = try constant("\(call.name)/step", StoredTensor(Tensor([Int64(1)], shape: [])))
      let range = node("Range", "\(call.name)/\(what)_places", [zero, count.name, one], shape: [nil])
      return node(
        "Unsqueeze", "\(call.name)/\(what)_column", [range.name, try constant("\(call.name)/\(what)_at", [axis])],
        shape: []
      ).name
    }
    let rows = try places(inputs.query, "query", axis: 1)
    let columns = try places(inputs.value, "value", axis: 0)
    return node("GreaterOrEqual", "\(call.name)/causal", [rows, columns], shape: []).name
  }
}
