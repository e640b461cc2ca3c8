import ZooCore

/// Facts of all values of a graph, from facts of its inputs.
package struct GraphInference {
  private let operatorSets: [String: Int64]
  private var facts: [String: ValueFacts]

  /// - Parameters:
  ///   - operatorSets: The versions that the model imports, by domain (empty for ONNX's own).
  ///   - inputs: What is known of values that the graph's nodes read and no node makes.
  package init(operatorSets: [String: Int64], inputs: [String: ValueFacts]) {
    (self.operatorSets, facts) = (operatorSets, inputs)
  }

  package subscript(name: String) -> ValueFacts? { facts[name] }

  /// Goes through the nodes of `graph`, in their order.
  ///
  /// - Throws: `ZooError` (`badData`) for nodes that their operators' specifications don't allow.
  package mutating func infer(_ graph: Graph) throws {
    for initializer in graph.initializers { facts[initializer.name] = ValueFacts(initializer.tensor) }
    for node in graph.nodes { try infer(node) }
  }

  private mutating func infer(_ node: Node) throws {
    let domain = node.domain == "ai.onnx" ? "" : node.domain
    guard let declaration = OperatorCatalogue.declaration(node.operatorType, domain: domain),
      let opset = operatorSets[domain]
    else { return }
    let outer = self
    let inference = Inference(
      node, opset: opset, inputs: node.inputs.map { $0.isEmpty ? nil : facts[$0] ?? ValueFacts(nil) },
      body: { attribute, inputs in
        guard case .graph(let body)? = node[attribute: attribute] else {
          throw ZooError(.badData, "the attribute \(attribute) is no graph", at: node.label)
        }
        return try outer.results(of: body, inputs)
      })
    let outputs = try ZooError.locating(node.label) { try declaration.infer(inference) }
    for (name, known) in zip(node.outputs, outputs) where !name.isEmpty { facts[name] = known }
  }

  /// Facts of what a body gives, which sees the values around it.
  private func results(of body: Graph, _ inputs: [ValueFacts?]) throws -> [ValueFacts] {
    var inner = self
    for (input, known) in zip(body.inputs, inputs) { inner.facts[input.name] = Self.facts(known, of: input) }
    try inner.infer(body)
    return body.outputs.map { Self.facts(inner.facts[$0.name], of: $0) }
  }
  /// What is known of a body's value, or at least its kind as the body declares it.
  private static func facts(_ known: ValueFacts?, of value: ValueInfo) -> ValueFacts {
    var facts = known ?? ValueFacts(nil)
    if facts.kind == nil { facts.kind = value.type.flatMap(ValueKind.init) }
    return facts
  }
}
