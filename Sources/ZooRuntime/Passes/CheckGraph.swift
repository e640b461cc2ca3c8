import ZooCore

/// ONNX's versions of operator sets, as of ONNX 1.23. What operators mean in later ones, no plugin can know.
private let newestVersions: [String: Int64] = ["": 28, "ai.onnx.ml": 5]

/// The graph of a model, checked: every value has one producer that comes before its readers, every operator's domain is
/// imported and open to models.
///
/// This is the border: behind it values have internal names, which nothing that a file holds can make equal to each other
/// or to those that passes invent. Nodes that stand out of order are sorted, as ONNX Runtime does, though the ONNX specification asks for order.
func checkedGraph(_ model: ModelDefinition) throws -> WorkGraph {
  let definition = model.withInternalNames
  let graph = definition.graph
  let nodes = try inlinedNodes(definition)
  try checkEach(of: nodes)
  var work = WorkGraph()
  for set in definition.functions.flatMap(\.operatorSets) + definition.operatorSets {
    work.operatorSets[OperatorRegistry.canonical(set.domain)] = set.version
  }
  var producers: [String: Producer] = [:]
  producers.reserveCapacity(nodes.count + graph.initializers.count)

  func define(_ name: String, by producer: Producer) throws {
    if let other = producers.updateValue(producer, forKey: name) {
      throw ZooError(
        .badData, "the value \"\(name)\" is defined twice, by \(other.label(nodes)) and by \(producer.label(nodes))")
    }
  }

  for initializer in graph.initializers {
    try define(initializer.name, by: .initializer)
    work.constants[initializer.name] = initializer.tensor
  }
  var optional: Set<String> = []
  for input in graph.inputs {
    guard work.constants[input.name] == nil else {
      if optional.insert(input.name).inserted { work.defaults.append(input) }
      continue
    }
    try define(input.name, by: .input)
    guard !input.name.isEmpty else { throw ZooError(.badData, "an input of the graph has no name") }
    work.inputs.append(input)
  }
  for (index, node) in nodes.enumerated() {
    for output in node.outputs where !output.isEmpty { try define(output, by: .node(index)) }
    let domain = OperatorRegistry.canonical(node.domain)
    let name = domain.isEmpty ? "ai.onnx" : domain
    guard let version = work.operatorSets[domain] else {
      throw ZooError(.badData, "the model imports no version of domain \(name)", at: node.label)
    }
    if let newest = newestVersions[domain], version > newest {
      throw ZooError(
        .unsupported, "the model imports version \(version) of domain \(name); the newest that is known is \(newest)",
        at: node.label, advice: "export the model for version \(newest) or earlier, or update this software")
    }
  }
  for node in nodes {
    for input in node.inputs where !input.isEmpty && producers[input] == nil {
      throw ZooError(.badData, "the input \"\(input)\" is made by no node, input or initializer", at: node.label)
    }
  }
  var seen: Set<String> = []
  for output in graph.outputs {
    guard producers[output.name] != nil else {
      throw ZooError(.badData, "the graph's output \"\(output.name)\" is made by nothing")
    }
    // What is listed twice is one output: callers know them by name.
    if seen.insert(output.name).inserted { work.outputs.append((InternalName.shown(output.name), output.name)) }
  }
  guard !work.outputs.isEmpty else { throw ZooError(.badData, "the graph has no outputs") }
  work.nodes = try sorted(nodes, producers).map(WorkNode.init)
  return work
}

/// The domain of operators that only passes make nodes of. Their kernels rely on what a pass knows, such as the layout of
/// what they write, so that no model may hold them. What is open to models has domains of its own, such as `zoo.vision`.
let internalDomain = "zoo"

/// Planning takes about 35 µs a node, and nobody exports a graph of so many but by unrolling loops.
private let mostNodes = 1 << 18

/// Looks at each node, those of bodies among them.
private func checkEach(of nodes: [Node]) throws {
  var waiting = nodes
  var count = 0
  while let node = waiting.popLast() {
    count += 1
    guard count <= mostNodes else {
      throw ZooError(
        .unsupported, "the graph has more than \(mostNodes) nodes, those of its functions and branches among them",
        advice: "export the model without unrolling its loops, or divide it into several")
    }
    guard node.domain != internalDomain else {
      throw ZooError(
        .badData, "operators of the domain \(internalDomain) are the compiler's own, and no model can hold them",
        at: node.label, advice: "export the model with ONNX's operators, or give the operator another domain")
    }
    for attribute in node.attributes {
      switch attribute.value {
      case .graph(let graph): waiting += graph.nodes
      case .graphs(let graphs): waiting += graphs.flatMap(\.nodes)
      default: break
      }
    }
  }
}

/// What a value comes from.
private enum Producer {
  case initializer
  case input
  case node(Int)

  func label(_ nodes: [Node]) -> String {
    switch self {
    case .initializer: "an initializer"
    case .input: "an input"
    case .node(let index): nodes[index].label
    }
  }
}

/// The nodes so that producers come before readers, otherwise in their own order (Kahn 1962).
private func sorted(_ nodes: [Node], _ producers: [String: Producer]) throws -> [Node] {
  func producer(of input: String) -> Int? {
    guard case .node(let index)? = producers[input] else { return nil }
    return index
  }
  let isInOrder = nodes.enumerated().allSatisfy { index, node in
    node.inputs.allSatisfy { producer(of: $0).map { $0 < index } ?? true }
  }
  if isInOrder { return nodes }

  let dependencies = nodes.map { node in Set(node.inputs.compactMap(producer)) }
  var waiting = dependencies.map(\.count)
  var readers = [[Int]](repeating: [], count: nodes.count)
  for (index, needed) in dependencies.enumerated() {
    for dependency in needed { readers[dependency].append(index) }
  }
  var ready = waiting.indices.filter { waiting[$0] == 0 }
  var order: [Node] = []
  var next = 0
  while next < ready.count {
    let index = ready[next]
    next += 1
    order.append(nodes[index])
    for reader in readers[index] {
      waiting[reader] -= 1
      if waiting[reader] == 0 { ready.append(reader) }
    }
  }
  guard order.count == nodes.count else {
    let stuck = waiting.indices.first { waiting[$0] > 0 } ?? 0
    throw ZooError(.badData, "the graph has a cycle through this node", at: nodes[stuck].label)
  }
  return order
}
