import ZooCore

/// Whether a node is ONNX's If, which no plugin offers: the runtime puts the branch in its place.
func isCondition(_ node: Node) -> Bool {
  node.operatorType == "If" && OperatorRegistry.canonical(node.domain).isEmpty
}

/// The condition of an If; `nil` where it is not known before the model runs.
///
/// - Throws: `ZooError` (`badData`) for what is no truth value.
func condition(of node: Node, in graph: WorkGraph) throws -> Bool? {
  guard let name = node.inputs.first, let value = try graph.describe(name)?.constant else { return nil }
  return try truth(of: value, in: node)
}

/// The one truth value that decides an If.
func truth(of condition: Tensor, in node: Node) throws -> Bool {
  guard condition.type == .bool, condition.count == 1, let value = try condition.elements(Bool.self).first else {
    throw ZooError(.badData, "the condition of an If is not one truth value", at: node.label)
  }
  return value
}

/// The branch that an If takes.
func body(of node: Node, where condition: Bool) throws -> Graph {
  guard case .graph(let body) = node[attribute: condition ? "then_branch" : "else_branch"] else {
    throw ZooError(.badData, "an If has no \(condition ? "then" : "else")_branch", at: node.label)
  }
  guard body.inputs.isEmpty, body.outputs.count >= node.outputs.count else {
    throw ZooError(.badData, "the branch has inputs, or fewer outputs than its If", at: node.label)
  }
  return body
}

/// The nodes of the branch that an If takes, ready to stand in its place; its constants are added to the graph.
///
/// - Parameter taken: The names of all values; those of the branch are added.
/// - Throws: `ZooError` (`badData`) for a branch that is damaged.
func branch(of entry: WorkNode, in graph: inout WorkGraph, taken: inout Set<String>) throws -> [WorkNode] {
  let node = entry.node
  guard let value = try condition(of: node, in: graph) else {
    throw ZooError(.defect, "the condition of an If is not known yet", at: node.label)
  }
  let body = try body(of: node, where: value)
  guard let first = node.outputs.first(where: { !$0.isEmpty }) else { return [] }
  let prefix = InternalName.invented(value ? "then/" : "else/", of: first)
  let made = Set(body.nodes.flatMap(\.outputs)).subtracting([""])
  var names: [String: String] = [:]
  for name in made.union(body.initializers.map(\.name)) { names[name] = prefix + name }
  // The If's outputs are those of the branch, except where the branch only passes something on.
  var passed: [WorkNode] = []
  for (output, inner) in zip(node.outputs, body.outputs) where !output.isEmpty {
    if made.contains(inner.name), names[inner.name] == prefix + inner.name {
      names[inner.name] = output
    } else {
      passed.append(WorkNode(Node("Identity", inputs: [names[inner.name] ?? inner.name], outputs: [output])))
    }
  }
  for initializer in body.initializers {
    let name = prefix + initializer.name
    guard taken.insert(name).inserted else { throw twice(name, node) }
    graph.constants[name] = initializer.tensor
  }
  let outputs = Set(node.outputs).subtracting([""])
  var known: Set<String> = []
  let nodes = body.nodes.map { inner in
    var copy = entry
    copy.node = renamed(inner, names)
    return copy
  }
  for copy in nodes + passed {
    for input in copy.reads
    where graph.constants[input] == nil && graph.types[input] == nil && !graph.unknown.contains(input)
      && !known.contains(input)
    {
      throw ZooError(.badData, "the input \"\(input)\" of a branch is made by nothing before it", at: node.label)
    }
    for output in copy.node.outputs where !output.isEmpty {
      guard known.insert(output).inserted, outputs.contains(output) || taken.insert(output).inserted else {
        throw twice(output, node)
      }
    }
  }
  return nodes + passed
}

private func twice(_ name: String, _ node: Node) -> ZooError {
  ZooError(.badData, "the value \"\(name)\" is defined twice, once by a branch", at: node.label)
}

/// The node with other names of values, in its subgraphs too, unless these define a name of their own.
func renamed(_ node: Node, _ names: [String: String]) -> Node {
  var copy = node
  copy.inputs = node.inputs.map { names[$0] ?? $0 }
  copy.outputs = node.outputs.map { names[$0] ?? $0 }
  copy.attributes = node.attributes.map { attribute in
    guard case .graph(var body) = attribute.value else { return attribute }
    let own = Set(body.inputs.map(\.name) + body.initializers.map(\.name) + body.nodes.flatMap(\.outputs))
    let visible = names.filter { !own.contains($0.key) }
    body.nodes = body.nodes.map { renamed($0, visible) }
    for index in body.outputs.indices {
      body.outputs[index].name = visible[body.outputs[index].name] ?? body.outputs[index].name
    }
    return Attribute(attribute.name, .graph(body))
  }
  return copy
}
