import ZooCompiler
import ZooCore

/// Makes one Attention of the products, scaling, mask and softmax that exporters write for it before opset 23, and
/// drops the transpositions that bring heads before positions and back.
package struct FuseAttention: Pass {
  package let name = "fusing Attention"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    guard context.provider.offers("Attention", domain: "", opset: 23) else { return }
    var hasChanged = false
    for id in Array(graph.nodes) where !graph.isRemoved(id) {
      let node = graph[id]
      guard node.isOperator("MatMul"), node.epilogue.isEmpty, let found = FoundAttention(endingIn: node, graph) else {
        continue
      }
      if try !found.replaceFlat(id, node, in: &graph) { try found.replace(id, node, in: &graph) }
      hasChanged = true
    }
    if hasChanged { graph.removeDeadCode() }
  }
}

/// softmax(Q · Kᵀ · scale + mask) · V over matrices of (batch, heads, …), or of (heads, …) alone.
private struct FoundAttention {
  var query, value: ValueID
  /// What a Transpose by `keyOrder` turns into K.
  var key: ValueID
  var keyOrder: [Int]
  var mask: ValueID?
  var scale: Float
  var queryShape, keyShape, valueShape: [Int]

  init?(endingIn product: CompilerNode, _ graph: CompilerGraph) {
    guard product.inputs.count == 2, let weights = product.inputs[0], let value = product.inputs[1],
      let softmax = graph.making(weights, "Softmax"), let input = softmax.input(0),
      let scoreShape = graph.shape(of: input), graph.onlyReader(of: weights) != nil,
      (3...4).contains(scoreShape.count), Self.isAlongLast(softmax, rank: scoreShape.count)
    else { return nil }
    let rank = scoreShape.count
    var scores = input
    if let sum = graph.making(scores, "Add"),
      let (inner, mask) = graph.operands(
        sum, { graph.producer(of: graph.unscaled($0).value, "MatMul") == nil ? nil : $0 }),
      graph.shape(of: inner) == scoreShape
    {
      guard let maskShape = graph.shape(of: mask), maskShape.last == scoreShape.last, maskShape.count <= rank else {
        return nil
      }
      self.mask = mask
      scores = inner
    }
    let (raw, factor) = graph.unscaled(scores)
    guard let first = graph.making(raw, "MatMul"), let left = first.input(0), let right = first.input(1) else {
      return nil
    }
    let (query, queryFactor) = graph.unscaled(left)
    let (turned, keyFactor) = graph.unscaled(right)
    guard let transposed = graph.making(turned, "Transpose"), let inside = transposed.input(0),
      var order = Self.order(transposed, rank: rank)
    else { return nil }
    order.swapAt(rank - 1, rank - 2)
    var (source, sourceFactor) = graph.unscaled(inside)
    if let inner = graph.making(source, "Transpose"), let places = Self.order(inner, rank: rank),
      let innermost = inner.input(0)
    {
      (source, order) = (innermost, order.map { places[$0] })
    }
    scale = factor * queryFactor * keyFactor * sourceFactor

    guard let queryShape = graph.shape(of: query), let sourceShape = graph.shape(of: source),
      let valueShape = graph.shape(of: value), queryShape.count == rank, sourceShape.count == rank,
      valueShape.count == rank, [query, source, value].allSatisfy({ graph.type(of: $0) == .float32 })
    else { return nil }
    let keyShape = order.map { sourceShape[$0] }
    guard queryShape.dropLast(2) == keyShape.dropLast(2), queryShape.dropLast(2) == valueShape.dropLast(2),
      queryShape[rank - 1] == keyShape[rank - 1], keyShape[rank - 2] == valueShape[rank - 2],
      !(queryShape + keyShape + valueShape).contains(0)
    else { return nil }
    (self.query, self.key, keyOrder, self.value) = (query, source, order, value)
    (self.queryShape, self.keyShape, self.valueShape) = (queryShape, keyShape, valueShape)
  }

  private static func isAlongLast(_ softmax: CompilerNode, rank: Int) -> Bool {
    guard let axis = softmax.int("axis") else { return softmax.opset >= 13 }
    return axis == -1 || axis == rank - 1
  }

  private static func order(_ node: CompilerNode, rank: Int) -> [Int]? {
    guard let order = node.ints("perm"), order.count == rank, Set(order) == Set(0..<rank) else { return nil }
    return order
  }

  private var rank: Int { queryShape.count }
  /// (batch, positions, heads, size) to (batch, heads, positions, size), and back.
  private var swap: [Int] { rank == 4 ? [0, 2, 1, 3] : [1, 0, 2] }
  private var batch: Int { rank == 4 ? queryShape[0] : 1 }
  private var heads: Int { queryShape[rank - 3] }
  private var resultShape: [Int] { queryShape.dropLast() + [valueShape[rank - 1]] }

  private func node(_ name: String, _ inputs: [ValueID], _ output: ValueID?, isFlat: Bool) -> CompilerNode {
    var attributes = [Attribute("scale", .float(scale))]
    if isFlat { attributes += ["q_num_heads", "kv_num_heads"].map { Attribute($0, .int(Int64(heads))) } }
    return CompilerNode(
      "Attention", opset: 23, name: name, inputs: inputs + (mask.map { [$0] } ?? []), outputs: [output],
      attributes: attributes)
  }

  /// Where all of Q, K, V and the result are transposed, to a node on (batch, positions, heads · size).
  func replaceFlat(_ id: NodeID, _ product: CompilerNode, in graph: inout CompilerGraph) throws -> Bool {
    func source(_ value: ValueID) -> ValueID? {
      guard let node = graph.making(value, "Transpose"), Self.order(node, rank: rank) == swap else { return nil }
      return node.input(0)
    }
    guard keyOrder == swap, let querySource = source(query), let valueSource = source(value),
      let output = product.outputs[0], let reader = graph.onlyReader(of: output), graph[reader].isOperator("Transpose"),
      Self.order(graph[reader], rank: rank) == swap
    else { return false }
    let results = graph[reader].outputs
    var nodes: [CompilerNode] = []
    func flat(_ value: ValueID, _ shape: [Int]) throws -> ValueID {
      try graph.reshaped(value, to: [batch, shape[rank - 2], heads * shape[rank - 1]], &nodes)
    }
    let inputs = [
      try flat(querySource, queryShape), try flat(key, keyShape), try flat(valueSource, valueShape),
    ]
    let result = graph.addValue(
      like: query, shape: [batch, queryShape[rank - 2], heads * valueShape[rank - 1]], name: "flat")
    nodes.append(node(product.name, inputs, result, isFlat: true))
    graph.remove(id)
    _ = try graph.reshaped(result, to: swap.map { resultShape[$0] }, as: results[0], &nodes)
    graph.replace(reader, by: nodes)
    return true
  }

  /// To a node on (batch, heads, positions, size).
  func replace(_ id: NodeID, _ product: CompilerNode, in graph: inout CompilerGraph) throws {
    var nodes: [CompilerNode] = []
    func whole(_ value: ValueID, _ shape: [Int]) throws -> ValueID {
      try graph.reshaped(value, to: [batch, heads] + shape.suffix(2), &nodes)
    }
    var key = key
    if keyOrder != Array(0..<rank) {
      let turned = graph.addValue(like: key, shape: keyShape, name: "key")
      nodes.append(
        CompilerNode(
          "Transpose", opset: 13, name: graph[turned].name, inputs: [key], outputs: [turned],
          attributes: [Attribute("perm", .ints(keyOrder.map(Int64.init)))]))
      key = turned
    }
    let inputs = [try whole(query, queryShape), try whole(key, keyShape), try whole(value, valueShape)]
    guard rank == 3 else {
      nodes.append(node(product.name, inputs, product.outputs[0], isFlat: false))
      return graph.replace(id, by: nodes)
    }
    let result = graph.addValue(like: query, shape: [1] + resultShape, name: "stack")
    nodes.append(node(product.name, inputs, result, isFlat: false))
    _ = try graph.reshaped(result, to: resultShape, as: product.outputs[0], &nodes)
    graph.replace(id, by: nodes)
  }
}
