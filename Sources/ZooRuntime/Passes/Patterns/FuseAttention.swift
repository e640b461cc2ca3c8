import ZooCore

/// Makes one Attention of the products, scaling, mask and softmax that exporters write for it before opset 23, and
/// drops the transpositions that bring heads before positions and back.
func fuseAttention(_ pattern: inout PatternGraph, registry: OperatorRegistry) throws {
  guard registry.find(domain: "", name: "Attention", opset: 23) != nil else { return }
  for (index, entry) in pattern.graph.nodes.enumerated() {
    guard pattern.isOperator(entry.node, "MatMul"), let found = FoundAttention(endingIn: entry.node, pattern) else {
      continue
    }
    if try !found.replaceFlat(index, entry.node, in: &pattern) { try found.replace(index, entry.node, in: &pattern) }
  }
  pattern.rewrite()
}

/// softmax(Q · Kᵀ · scale + mask) · V over matrices of (batch, heads, …), or of (heads, …) alone.
private struct FoundAttention {
  var query, value: String
  /// What a Transpose by `keyOrder` turns into K.
  var key: String
  var keyOrder: [Int]
  var mask: String?
  var scale: Float
  var queryShape, keyShape, valueShape: [Int]

  init?(endingIn product: Node, _ pattern: PatternGraph) {
    guard product.inputs.count == 2, let softmax = pattern.producer(of: product.inputs[0], "Softmax"),
      let scoreShape = pattern.shape(of: softmax.node.inputs[0]), pattern.onlyReader(of: product.inputs[0]) != nil,
      (3...4).contains(scoreShape.count),
      Self.isAlongLast(softmax.node, rank: scoreShape.count, opset: pattern.graph.opset(of: softmax))
    else { return nil }
    let rank = scoreShape.count
    var scores = softmax.node.inputs[0]
    if let sum = pattern.producer(of: scores, "Add")?.node,
      let (inner, mask) = pattern.operands(
        sum, { pattern.producer(of: pattern.unscaled($0).value, "MatMul") == nil ? nil : $0 }),
      pattern.shape(of: inner) == scoreShape
    {
      guard let maskShape = pattern.shape(of: mask), maskShape.last == scoreShape.last, maskShape.count <= rank else {
        return nil
      }
      self.mask = mask
      scores = inner
    }
    let (raw, factor) = pattern.unscaled(scores)
    guard let first = pattern.producer(of: raw, "MatMul")?.node, first.inputs.count == 2 else { return nil }
    let (query, queryFactor) = pattern.unscaled(first.inputs[0])
    var (key, keyFactor) = pattern.unscaled(first.inputs[1])
    guard let transposed = pattern.producer(of: key, "Transpose")?.node,
      var order = Self.order(transposed, rank: rank)
    else { return nil }
    order.swapAt(rank - 1, rank - 2)
    var (source, sourceFactor) = pattern.unscaled(transposed.inputs[0])
    if let inner = pattern.producer(of: source, "Transpose")?.node, let places = Self.order(inner, rank: rank) {
      (source, order) = (inner.inputs[0], order.map { places[$0] })
    }
    (key, keyFactor) = (source, keyFactor * sourceFactor)
    scale = factor * queryFactor * keyFactor

    guard let queryShape = pattern.shape(of: query), let sourceShape = pattern.shape(of: key),
      let valueShape = pattern.shape(of: product.inputs[1]), queryShape.count == rank, sourceShape.count == rank,
      valueShape.count == rank, [query, key, product.inputs[1]].allSatisfy({ pattern.type(of: $0) == .float32 })
    else { return nil }
    let keyShape = order.map { sourceShape[$0] }
    guard queryShape.dropLast(2) == keyShape.dropLast(2), queryShape.dropLast(2) == valueShape.dropLast(2),
      queryShape[rank - 1] == keyShape[rank - 1], keyShape[rank - 2] == valueShape[rank - 2],
      !(queryShape + keyShape + valueShape).contains(0)
    else { return nil }
    (self.query, self.key, keyOrder, value) = (query, key, order, product.inputs[1])
    (self.queryShape, self.keyShape, self.valueShape) = (queryShape, keyShape, valueShape)
  }

  private static func isAlongLast(_ softmax: Node, rank: Int, opset: Int64) -> Bool {
    guard case .int(let axis) = softmax[attribute: "axis"] else { return opset >= 13 }
    return axis == -1 || axis == Int64(rank - 1)
  }

  private static func order(_ node: Node, rank: Int) -> [Int]? {
    guard case .ints(let order) = node[attribute: "perm"], order.count == rank else { return nil }
    let places = order.map { Int(clamping: $0) }
    return Set(places) == Set(0..<rank) ? places : nil
  }

  private var rank: Int { queryShape.count }
  /// (batch, positions, heads, size) to (batch, heads, positions, size), and back.
  private var swap: [Int] { rank == 4 ? [0, 2, 1, 3] : [1, 0, 2] }
  private var batch: Int { rank == 4 ? queryShape[0] : 1 }
  private var heads: Int { queryShape[rank - 3] }

  private func node(_ name: String, _ inputs: [String], _ output: String, isFlat: Bool) -> WorkNode {
    var attributes = [Attribute("scale", .float(scale))]
    if isFlat {
      attributes += ["q_num_heads", "kv_num_heads"].map { Attribute($0, .int(Int64(heads))) }
    }
    return WorkNode(
      Node(
        "Attention", name: name, inputs: inputs + (mask.map { [$0] } ?? []), outputs: [output], attributes: attributes),
      opset: 23)
  }

  /// Where all of Q, K, V and the result are transposed, to a node on (batch, positions, heads · size).
  func replaceFlat(_ index: Int, _ product: Node, in pattern: inout PatternGraph) throws -> Bool {
    func source(_ value: String) -> String? {
      guard let node = pattern.producer(of: value, "Transpose")?.node, Self.order(node, rank: rank) == swap else {
        return nil
      }
      return node.inputs[0]
    }
    guard keyOrder == swap, let querySource = source(query), let valueSource = source(value),
      let reader = pattern.onlyReader(of: product.outputs[0]), pattern.isOperator(reader.node, "Transpose"),
      Self.order(reader.node, rank: rank) == swap, !pattern.isReplaced(reader.index)
    else { return false }
    var nodes: [WorkNode] = []
    func flat(_ value: String, _ shape: [Int]) throws -> String {
      try pattern.reshaped(value, to: [batch, shape[rank - 2], heads * shape[rank - 1]], &nodes)
    }
    let inputs = [
      try flat(querySource, queryShape), try flat(key, keyShape), try flat(valueSource, valueShape),
    ]
    let result = pattern.invent("flat", of: product.outputs[0])
    pattern.define(result, like: query, shape: [batch, queryShape[rank - 2], heads * valueShape[rank - 1]])
    nodes.append(node(product.name, inputs, result, isFlat: true))
    let shape = queryShape.dropLast() + [valueShape[rank - 1]]
    _ = try pattern.reshaped(result, to: swap.map { shape[$0] }, named: reader.node.outputs[0], &nodes)
    pattern.replace(index, by: [])
    pattern.replace(reader.index, by: nodes)
    return true
  }

  /// To a node on (batch, heads, positions, size).
  func replace(_ index: Int, _ product: Node, in pattern: inout PatternGraph) throws {
    var nodes: [WorkNode] = []
    func whole(_ value: String, _ shape: [Int]) throws -> String {
      try pattern.reshaped(value, to: [batch, heads] + shape.suffix(2), &nodes)
    }
    var key = key
    if keyOrder != Array(0..<rank) {
      let turned = pattern.invent("key", of: product.outputs[0])
      pattern.define(turned, like: key, shape: keyShape)
      nodes.append(
        WorkNode(
          Node(
            "Transpose", name: InternalName.shown(turned), inputs: [key], outputs: [turned],
            attributes: [Attribute("perm", .ints(keyOrder.map(Int64.init)))]), opset: 13))
      key = turned
    }
    let inputs = [try whole(query, queryShape), try whole(key, keyShape), try whole(value, valueShape)]
    guard rank == 3 else {
      nodes.append(node(product.name, inputs, product.outputs[0], isFlat: false))
      return pattern.replace(index, by: nodes)
    }
    let result = pattern.invent("stack", of: product.outputs[0])
    let shape = queryShape.dropLast() + [valueShape[rank - 1]]
    pattern.define(result, like: query, shape: [1] + shape)
    nodes.append(node(product.name, inputs, result, isFlat: false))
    _ = try pattern.reshaped(result, to: Array(shape), named: product.outputs[0], &nodes)
    pattern.replace(index, by: nodes)
  }
}
