import ZooCore
import ZooOperators

/// Gives every value its type and, as far as they follow from what is known, its shape and its contents: nodes on constants
/// become constants, and an If whose condition is known gives way to its branch.
package struct InferFacts: Pass {
  package let name = "inference"

  /// Whether nodes without a derivative of their own give way to what they stand for.
  let differentiates: Bool

  package init() { differentiates = false }

  init(differentiates: Bool) { self.differentiates = differentiates }

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws { _ = try infer(&graph, context) }

  /// - Returns: Whether other nodes came into the place of some, which may tell more of what they read.
  func infer(_ graph: inout CompilerGraph, _ context: CompileContext) throws -> Bool {
    var allowance = FoldingAllowance(context)
    var next = graph.firstNode
    var isChanged = false
    while let id = next {
      if let replaced = try takeBranch(id, &graph) ?? expandFunction(id, &graph, context)
        ?? expandGradient(id, &graph, context)
      {
        next = replaced.next
        isChanged = true
        continue
      }
      next = graph.node(after: id)
      let node = graph[id]
      try ZooError.locating(node.label) {
        if try becomesConstant(id, node, &graph, context) { return }
        let facts = try inferred(node, in: graph, context)
        try graph.checkDeclared(facts, of: node, context.provider)
        switch try folding(node, facts, in: graph, &allowance) {
        case .now(let mostBytes): if try fold(id, node, facts, mostBytes: mostBytes, &graph, context) { return }
        case .whenRead: return try compute(id, node, facts, &graph, context)
        case .never: break
        }
        for (output, known) in zip(node.outputs, facts) { if let output { graph[output].facts = known } }
      }
    }
    return isChanged
  }

  /// What is known of a node's outputs.
  fileprivate func inferred(
    _ node: CompilerNode, in graph: CompilerGraph, _ context: CompileContext
  ) throws -> [ValueFacts] {
    guard let declaration = node.declaration else {
      // A plugin's own operator is asked once all that it reads is known.
      let isKnown = node.operands.allSatisfy { $0.map { graph[$0].facts.isPlannable } ?? true }
      return isKnown ? try context.provider.infer(node, in: graph) : node.outputs.map { _ in ValueFacts(nil) }
    }
    return try declaration.infer(
      Inference(node, in: graph) { attribute, inputs in
        let inner = try body(attribute, inputs, node, graph, context)
        return inner.outputs.map { inner[$0].facts }
      })
  }

  /// The graphs that a node runs, with what is known of their values.
  package func bodies(
    of node: CompilerNode, in graph: CompilerGraph, _ context: CompileContext
  ) throws -> [(name: String, graph: CompilerGraph)] {
    var known: [String: CompilerGraph] = [:]
    let inference = Inference(node, in: graph) { attribute, inputs in
      let inner = try body(attribute, inputs, node, graph, context)
      known[attribute] = inner
      return inner.outputs.map { inner[$0].facts }
    }
    _ = try node.declaration?.infer(inference)
    return node.bodies.map { ($0.name, known[$0.name] ?? $0.graph) }
  }

  func body(
    _ attribute: String, _ inputs: [ValueFacts?], _ node: CompilerNode, _ graph: CompilerGraph,
    _ context: CompileContext
  ) throws -> CompilerGraph {
    guard let body = node.bodies.first(where: { $0.name == attribute }) else {
      throw ZooError(.badData, "the attribute \(attribute) is missing, or no graph")
    }
    guard inputs.count == body.ownInputCount else {
      throw ZooError(.badData, "\(attribute) has \(body.ownInputCount) inputs where \(inputs.count) are needed")
    }
    var inner = body.graph
    (inner.foldedByteCount, inner.computedByteCount) = (graph.foldedByteCount, graph.computedByteCount)
    let given = inputs + body.captures.map { graph[$0].facts }
    for (input, facts) in zip(inner.inputs, given) {
      guard var facts else { continue }
      facts.constant = nil
      inner[input].facts = facts
    }
    try run(&inner, context)
    return inner
  }
}

// MARK: Branches

extension InferFacts {
  /// Puts the branch of an If whose condition is known in its place.
  ///
  /// - Returns: `nil` for any other node; else where to go on.
  private func takeBranch(_ id: NodeID, _ graph: inout CompilerGraph) throws -> (next: NodeID?, Void)? {
    let node = graph[id]
    guard node.isOperator("If"), let condition = node.inputs.first ?? nil, let constant = graph[condition].constant
    else { return nil }
    guard constant.type == .bool, constant.shape.reduce(1, *) == 1,
      let value = try constant.load().elements(Bool.self).first
    else { throw ZooError(.badData, "the condition of an If is not one truth value", at: node.label) }
    let name = value ? "then_branch" : "else_branch"
    guard let body = node.bodies.first(where: { $0.name == name }), body.ownInputCount == 0,
      body.graph.outputs.count >= node.outputs.count
    else { throw ZooError(.badData, "an If has no \(name) without inputs and with its outputs", at: node.label) }
    return (graph.replace(id, byContentsOf: body.graph, inputs: body.captures), ())
  }
}

// MARK: Constants

extension InferFacts {
  /// Makes a constant of what the node gives, where that takes no kernel.
  private func becomesConstant(
    _ id: NodeID, _ node: CompilerNode, _ graph: inout CompilerGraph, _ context: CompileContext
  ) throws -> Bool {
    guard node.outputs.count == 1, let output = node.outputs[0], node.bodies.isEmpty else { return false }
    let constants = node.inputs.map { $0.flatMap { graph[$0].holdsForShapes ? nil : graph[$0].constant } }
    if let converted = try convertedConstant(Inference(node, in: graph).node, of: constants) {
      graph.replace(id, byConstants: [converted], context)
      return true
    }
    // What shapes tell is known without the values.
    guard node.declaration?.traits.contains(.readsShapeOnly) == true, let declaration = node.declaration else {
      return false
    }
    let facts = try declaration.infer(Inference(node, in: graph))
    guard facts.count == 1, let numbers = try facts[0].knownIntegers() else { return false }
    graph.remove(id)
    graph.makeConstant(output, StoredTensor(numbers), holdsForShapes: true)
    return true
  }

  private enum Folding {
    /// Unless that gives more.
    case now(mostBytes: Int)
    case whenRead, never
  }

  private func folding(
    _ node: CompilerNode, _ facts: [ValueFacts], in graph: CompilerGraph, _ allowance: inout FoldingAllowance
  ) throws -> Folding {
    guard node.bodies.isEmpty, node.declaration?.traits.contains(.random) != true,
      node.inputs.allSatisfy({ $0.map { graph[$0].constant != nil } ?? true })
    else { return .never }
    var (made, isKnown) = (0, true)
    for fact in facts {
      // Some operators tell how much they give when they run.
      guard let type = fact.elementType, fact.fixedShape != nil || node.declaration != nil else { return .never }
      isKnown = isKnown && fact.fixedShape != nil
      made += try fact.fixedShape.map { try Tensor.byteCount(type: type, shape: $0) } ?? 0
    }
    let given = graph.constantByteCount(of: node.inputs)
    let cost = ComputedConstant.cost(making: made, of: node, in: graph)
    let limit = max(ComputedConstant.smallByteCount, given)
    if made <= limit, cost == made {
      return allowance.allows(isKnown ? made : limit, beyond: given, in: graph) ? .now(mostBytes: limit) : .never
    }
    guard isKnown, cost <= ComputedConstant.mostCost * made, let declaration = node.declaration,
      graph.computedByteCount + made - graph.givenUp(by: node) <= allowance.computed,
      declaration.traits.isCheap, node.outputs.count == 1, let output = node.outputs[0],
      !node.inputs.contains(where: { $0.map { graph[$0].holdsForShapes } ?? false })
    else { return .never }
    return allowance.isWeight(output, in: graph) ? .whenRead : .never
  }

  private func compute(
    _ id: NodeID, _ node: CompilerNode, _ facts: [ValueFacts], _ graph: inout CompilerGraph, _ context: CompileContext
  ) throws {
    guard let type = facts[0].elementType, let shape = facts[0].fixedShape else { return }
    let source = ComputedConstant(node, making: try Tensor.byteCount(type: type, shape: shape), in: graph, context)
    let stored = try StoredTensor(type: type, shape: shape, source: source)
    graph.computedByteCount += stored.byteCount - graph.givenUp(by: node)
    graph.replace(id, byConstants: [stored], context)
  }

  /// - Returns: Whether that could be done.
  private func fold(
    _ id: NodeID, _ node: CompilerNode, _ facts: [ValueFacts], mostBytes: Int, _ graph: inout CompilerGraph,
    _ context: CompileContext
  ) throws -> Bool {
    let known = try facts.count == 1 ? facts[0].knownIntegers().map { [$0] } : nil
    guard let results = try known ?? context.provider.evaluate(node, in: graph, mostBytes: mostBytes) else {
      return false
    }
    let given = graph.constantByteCount(of: node.inputs)
    let made = results.reduce(0) { $0 + $1.byteCount }
    graph.foldedByteCount += made
    graph.computedByteCount += max(0, made - given)
    graph.replace(id, byConstants: results.map { StoredTensor($0) }, context)
    return true
  }
}

extension CompilerGraph {
  /// Bytes of constants that are computed when they are read, and that nobody but the node reads.
  fileprivate func givenUp(by node: CompilerNode) -> Int {
    node.inputs.reduce(0) { sum, input in
      guard let input, onlyReader(of: input) != nil, let constant = self[input].constant,
        constant.origin is ComputedConstant
      else { return sum }
      return sum + constant.byteCount
    }
  }

  /// What is known of the outputs of a node without bodies whose inputs are values of this graph.
  package func facts(of node: CompilerNode, _ provider: some OperatorProvider) throws -> [ValueFacts] {
    let context = CompileContext(provider: provider, derivations: ConstantDerivations())
    return try ZooError.locating(node.label) { try InferFacts().inferred(node, in: self, context) }
  }
}

extension ValueFacts {
  /// The tensor of which inference knows all elements: whole numbers so small that kernels compute the same.
  fileprivate func knownIntegers() throws -> Tensor? {
    guard elementType == .int64, let fixedShape, let elements else { return nil }
    let numbers = elements.compactMap(\.number).filter { $0.magnitude < 1 << 48 }
    guard numbers.count == elements.count, numbers.count == fixedShape.reduce(1, *) else { return nil }
    return try Tensor(numbers.map(Int64.init), shape: fixedShape)
  }
}

extension Inference {
  /// The node as its operator's declaration sees it.
  package init(_ node: CompilerNode, in graph: CompilerGraph, body: Body? = nil) {
    let plain = Node(
      node.operatorType, domain: node.domain, name: node.name, inputs: [],
      outputs: node.outputs.map { $0 == nil ? "" : "_" }, attributes: node.attributes)
    let sizes = node.bodies.map { body in
      (body.name, BodySize(inputs: body.ownInputCount, outputs: body.graph.outputs.count))
    }
    self.init(
      plain, opset: node.opset, inputs: node.inputs.map { $0.map { graph[$0].facts } },
      bodies: Dictionary(sizes, uniquingKeysWith: { first, _ in first }), body: body)
  }
}
