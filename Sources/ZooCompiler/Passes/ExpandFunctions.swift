import ZooCore
import ZooOperators

extension CompilerNode {
  /// Whether inference puts other nodes in the node's place, so that nobody need offer its operator.
  package var isExpanded: Bool { declaration?.isFunction == true }
}

extension InferFacts {
  /// Puts the nodes that a function stands for in the place of its node, once what they depend on is known.
  ///
  /// - Returns: `nil` for any other node; else where to go on.
  func expandFunction(_ id: NodeID, _ graph: inout CompilerGraph, _ context: CompileContext) throws -> (
    next: NodeID?, Void
  )? {
    let node = graph[id]
    guard let declaration = node.declaration, declaration.isFunction || differentiates else { return nil }
    let body = try ZooError.locating(node.label) {
      let inference = Inference(node, in: graph)
      // Which checks types and shapes.
      _ = try declaration.infer(inference)
      return try declaration.functionBody(of: inference, differentiates: differentiates)
    }
    guard let body else { return nil }
    let after = graph.node(after: id)
    var expansion = Expansion(id, node, inputs: node.inputs, [:], context)
    let results = try expansion.insert(body, into: &graph)
    graph.remove(id)
    for case (let index, let output?) in node.outputs.enumerated() {
      guard index < results.count, let result = results[index] else {
        throw ZooError(.unsupported, "output \(index) is not computed", at: node.label)
      }
      graph.redirect(output, to: result)
    }
    return (expansion.first ?? after, ())
  }
}

/// A function's body on its way into the graph.
struct Expansion {
  /// The node before which it goes; `nil` for the end.
  let place: NodeID?
  let node: CompilerNode
  let context: CompileContext
  private(set) var first: NodeID?
  private var values: [FunctionBody.Value: ValueID]

  init(
    _ place: NodeID?, _ node: CompilerNode, inputs: [ValueID?], _ values: [FunctionBody.Value: ValueID],
    _ context: CompileContext
  ) {
    (self.place, self.node, self.context, self.values) = (place, node, context, values)
    for (index, input) in inputs.enumerated() { self.values[.input(index)] = input }
  }

  /// - Returns: The function's results.
  mutating func insert(_ body: FunctionBody, into graph: inout CompilerGraph) throws -> [ValueID?] {
    for (number, part) in body.parts.enumerated() {
      switch part {
      case .constant(let tensor, let sources):
        values[.made(number, 0)] = add(tensor, of: sources, number, &graph)
      case .node(let template, let opset, let inputs): add(template, opset, inputs, number, &graph)
      case .body(let attribute, let inputs): try insert(attribute, inputs, number, &graph)
      }
    }
    return body.results.map { $0.flatMap { values[$0] } }
  }

  private func add(
    _ tensor: StoredTensor, of sources: [Int], _ part: Int, _ graph: inout CompilerGraph
  ) -> ValueID {
    // What is made of no constant may depend on shapes.
    guard !sources.isEmpty else { return graph.addConstant(tensor, name: node.name, holdsForShapes: true) }
    return graph.addDerived(
      tensor, by: OperationKey(node), of: sources.map { node.inputs[$0] }, part: part, name: node.name, context)
  }

  private mutating func add(
    _ template: Node, _ opset: Int64, _ inputs: [FunctionBody.Value?], _ part: Int, _ graph: inout CompilerGraph
  ) {
    let outputs = template.outputs.map { $0.isEmpty ? nil : graph.addValue(ValueFacts(nil), name: node.name) }
    for (index, output) in outputs.enumerated() { values[.made(part, index)] = output }
    let made = graph.insert(
      CompilerNode(
        template.operatorType, domain: template.domain, opset: opset, name: node.name,
        inputs: inputs.map { $0.flatMap { values[$0] } }, outputs: outputs, attributes: template.attributes),
      before: place)
    first = first ?? made
  }

  private mutating func insert(
    _ attribute: String, _ inputs: [FunctionBody.Value], _ part: Int, _ graph: inout CompilerGraph
  ) throws {
    guard let body = node.bodies.first(where: { $0.name == attribute }), body.ownInputCount == inputs.count,
      let known = inputs.map({ values[$0] }) as? [ValueID]
    else {
      throw ZooError(.badData, "\(attribute) is no graph of \(inputs.count) inputs", at: node.label)
    }
    let made = graph.insert(contentsOf: body.graph, inputs: known + body.captures, before: place)
    for (index, output) in made.outputs.enumerated() { values[.made(part, index)] = output }
    first = first ?? made.first
  }
}
