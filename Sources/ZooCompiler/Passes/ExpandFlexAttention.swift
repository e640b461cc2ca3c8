import ZooCore
import ZooOperators

extension CompilerNode {
  /// Whether inference puts other nodes in the node's place, so that nobody need offer its operator.
  public var isExpanded: Bool { operatorType == "FlexAttention" && domain == "ai.onnx.preview" }
}

extension InferFacts {
  /// Puts the products, the softmax and the bodies that a FlexAttention of known shapes stands for in its place.
  ///
  /// - Returns: The first of the nodes; `nil` for any other node.
  func expandFlexAttention(_ id: NodeID, _ graph: inout CompilerGraph) throws -> NodeID? {
    let node = graph[id]
    guard node.isExpanded, let output = node.outputs.first ?? nil,
      let extents = try FlexAttentionExtents(node, graph)
    else { return nil }
    var expansion = FlexAttentionExpansion(id, node, extents)
    let result = try ZooError.locating(node.label) { try expansion.expand(&graph) }
    graph.remove(id)
    graph.redirect(output, to: result)
    return expansion.first
  }
}

/// Types and extents of a FlexAttention's inputs.
private struct FlexAttentionExtents {
  var batch, heads, keyHeads, queries, keys, headSize, valueSize: Int
  var type: ElementType
  /// Of products: half precision is widened.
  var productType: ElementType
  /// Of the scores that bodies see, and of the softmax.
  var scoreType: ElementType

  /// `nil` where something is not known yet.
  init?(_ node: CompilerNode, _ graph: CompilerGraph) throws {
    guard node.inputs.count == 3, let declaration = node.declaration else { return nil }
    // Which checks the shapes.
    _ = try ZooError.locating(node.label) { try declaration.infer(Inference(node, in: graph)) }
    let facts = node.inputs.map { $0.map { graph[$0].facts } }
    guard let query = facts[0]?.fixedShape, let key = facts[1]?.fixedShape, let value = facts[2]?.fixedShape,
      let type = facts[0]?.elementType, facts.allSatisfy({ $0?.elementType == type })
    else { return nil }
    (batch, heads, queries, headSize) = (query[0], query[1], query[2], query[3])
    (keyHeads, keys, valueSize) = (key[1], key[2], value[3])
    self.type = type
    productType = type == .float64 ? .float64 : .float32
    scoreType = productType
    if let given = node.int("softmax_precision") {
      guard let named = ElementType(rawValue: Int32(truncatingIfNeeded: given)),
        [.float32, .float64, .float16, .bfloat16].contains(named)
      else {
        throw ZooError(.badData, "softmax_precision is \(given), which is no type of floats", at: node.label)
      }
      scoreType = named
    }
  }
}

/// Builds the nodes. Queries that share keys become rows of one matrix, so that keys and values need not be repeated.
private struct FlexAttentionExpansion {
  private let place: NodeID
  private let node: CompilerNode
  private let extents: FlexAttentionExtents
  private(set) var first: NodeID?

  /// The version of ONNX's operators by which the nodes are made.
  private static let opset: Int64 = 23

  init(_ place: NodeID, _ node: CompilerNode, _ extents: FlexAttentionExtents) {
    (self.place, self.node, self.extents) = (place, node, extents)
  }

  mutating func expand(_ graph: inout CompilerGraph) throws -> ValueID {
    let e = extents
    let rows = e.keyHeads == 0 ? 0 : e.heads / e.keyHeads * e.queries
    func input(_ index: Int) throws -> ValueID {
      guard let value = node.input(index) else { throw ZooError(.badData, "input \(index) is missing") }
      return value
    }
    var queries = cast(try input(0), e.type, e.productType, &graph)
    queries = try reshape(queries, [e.batch, e.keyHeads, rows, e.headSize], &graph)
    let keys = add(
      "Transpose", [cast(try input(1), e.type, e.productType, &graph)],
      [Attribute("perm", .ints([0, 1, 3, 2]))], &graph)
    var scores = add("MatMul", [queries, keys], [], &graph)
    scores = add("Mul", [scores, try scale(&graph)], [], &graph)
    scores = try reshape(scores, [e.batch, e.heads, e.queries, e.keys], &graph)
    scores = cast(scores, e.productType, e.scoreType, &graph)
    scores = try apply("score_mod", scores, &graph)
    scores = add("Softmax", [scores], [Attribute("axis", .int(-1))], &graph)
    scores = try apply("prob_mod", scores, &graph)
    scores = cast(scores, e.scoreType, e.productType, &graph)
    scores = try reshape(scores, [e.batch, e.keyHeads, rows, e.keys], &graph)
    let values = cast(try input(2), e.type, e.productType, &graph)
    let result = add("MatMul", [scores, values], [], &graph)
    return cast(
      try reshape(result, [e.batch, e.heads, e.queries, e.valueSize], &graph), e.productType, e.type, &graph)
  }

  private mutating func add(
    _ type: String, _ inputs: [ValueID], _ attributes: [Attribute], _ graph: inout CompilerGraph
  ) -> ValueID {
    let output = graph.addValue(ValueFacts(nil), name: node.name)
    let made = graph.insert(
      CompilerNode(
        type, opset: Self.opset, name: node.name, inputs: inputs, outputs: [output], attributes: attributes),
      before: place)
    first = first ?? made
    return output
  }

  private mutating func cast(
    _ value: ValueID, _ from: ElementType, _ to: ElementType, _ graph: inout CompilerGraph
  ) -> ValueID {
    from == to ? value : add("Cast", [value], [Attribute("to", .int(Int64(to.rawValue)))], &graph)
  }

  private mutating func reshape(
    _ value: ValueID, _ shape: [Int], _ graph: inout CompilerGraph
  ) throws -> ValueID {
    let target = graph.addConstant(
      StoredTensor(try Tensor(shape.map(Int64.init), shape: [shape.count])), name: node.name, holdsForShapes: true)
    return add("Reshape", [value, target], [Attribute("allowzero", .int(1))], &graph)
  }

  private func scale(_ graph: inout CompilerGraph) throws -> ValueID {
    let scale = node.float("scale").map(Double.init) ?? 1 / Double(extents.headSize).squareRoot()
    let tensor = try extents.productType == .float64 ? Tensor([scale], shape: []) : Tensor([Float(scale)], shape: [])
    return graph.addConstant(StoredTensor(tensor), name: node.name, holdsForShapes: true)
  }

  /// What the body in an attribute makes of the scores, or the scores where there is none.
  private mutating func apply(
    _ attribute: String, _ scores: ValueID, _ graph: inout CompilerGraph
  ) throws -> ValueID {
    guard let body = node.bodies.first(where: { $0.name == attribute }) else { return scores }
    guard body.ownInputCount == 1, body.graph.outputs.count == 1 else {
      throw ZooError(
        .badData, "\(attribute) has \(body.ownInputCount) inputs and \(body.graph.outputs.count) outputs, not one each")
    }
    let made = graph.insert(contentsOf: body.graph, inputs: [scores] + body.captures, before: place)
    first = first ?? made.first
    return made.outputs[0]
  }
}
