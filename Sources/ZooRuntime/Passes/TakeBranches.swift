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
  let prefix = InternalName.invented(value ? "then/" : "else/", of: first.shortened(taken.count))
  let made = Set(body.nodes.flatMap(\.outputs)).subtracting([""])
  var names: [String: String] = [:]
  for name in made.union(body.initializers.map(\.name)) { names[name] = prefix + name.shortened(names.count) }
  // The If's outputs are those of the branch, except where the branch only passes something on.
  var passed: [WorkNode] = []
  var renamedOutputs: Set<String> = []
  for (output, inner) in zip(node.outputs, body.outputs) where !output.isEmpty {
    if made.contains(inner.name), !renamedOutputs.contains(inner.name) {
      renamedOutputs.insert(inner.name)
      names[inner.name] = output
    } else {
      passed.append(WorkNode(Node("Identity", inputs: [names[inner.name] ?? inner.name], outputs: [output])))
    }
  }
  for initializer in body.initializers {
    guard let name = names[initializer.name], taken.insert(name).inserted else { throw twice(initializer.name, node) }
    try graph.define(name, as: initializer.tensor)
  }
  let outputs = Set(node.outputs).subtracting([""])
  var known: Set<String> = []
  var renaming = Renaming(names: names)
  let nodes = body.nodes.map { inner in
    var copy = entry
    copy.node = renaming.renamed(inner)
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

/// Other names for values, in subgraphs too, unless these define a name of their own.
struct Renaming {
  let names: [String: String]
  /// By name: how many of the subgraphs around define it.
  private var hidden: [String: Int] = [:]

  init(names: [String: String]) { self.names = names }

  func renamed(_ name: String) -> String {
    guard let new = names[name], hidden[name] ?? 0 == 0 else { return name }
    return new
  }

  mutating func renamed(_ node: Node) -> Node {
    var copy = node
    copy.inputs = node.inputs.map(renamed)
    copy.outputs = node.outputs.map(renamed)
    for index in node.attributes.indices {
      guard case .graph(var body) = node.attributes[index].value else { continue }
      let own = body.inputs.map(\.name) + body.initializers.map(\.name) + body.nodes.flatMap(\.outputs)
      for name in own { hidden[name, default: 0] += 1 }
      for place in body.nodes.indices { body.nodes[place] = renamed(body.nodes[place]) }
      for place in body.outputs.indices { body.outputs[place].name = renamed(body.outputs[place].name) }
      for name in own { hidden[name, default: 1] -= 1 }
      copy.attributes[index] = Attribute(node.attributes[index].name, .graph(body))
    }
    return copy
  }
}
