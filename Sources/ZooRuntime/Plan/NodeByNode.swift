import CZooPlugin
import ZooCore

/// Runs a graph one node at a time, for graphs where shapes or branches depend on data or values are strings.
struct NodeByNode {
  let graph: WorkGraph
  let registry: OperatorRegistry
  private let files = FilesInUse()

  init(graph: WorkGraph, registry: OperatorRegistry) {
    self.graph = graph
    self.registry = registry
  }

  func run(
    _ inputs: [Tensor], executor: UnsafePointer<zoo_executor>, recorder: ProfileRecorder?
  ) throws -> [Tensor] {
    var values: [String: Tensor] = [:]
    for (input, tensor) in zip(graph.inputs, inputs) { values[input.name] = tensor }
    let reads = graph.nodes.map { $0.reads + captures(of: $0.node) }
    var lastUse: [String: Int] = [:]
    for (index, names) in reads.enumerated() {
      for name in names { lastUse[name] = index }
    }
    let published = Set(graph.outputs.map(\.value))
    for (index, entry) in graph.nodes.enumerated() {
      recorder?.begin(index)
      let outputs = try results(of: entry, values, executor)
      recorder?.end()
      for (name, tensor) in zip(entry.node.outputs, outputs) where !name.isEmpty { values[name] = tensor }
      for name in reads[index] where lastUse[name] == index && !published.contains(name) { values[name] = nil }
    }
    let results = try graph.outputs.map { output in
      guard let tensor = try value(output.value, values) else {
        throw ZooError(.defect, "the output \"\(output.name)\" was not made")
      }
      return tensor
    }
    try files.checkUnchanged()
    return results
  }

  private func value(_ name: String, _ values: [String: Tensor]) throws -> Tensor? {
    if name.isEmpty { return nil }
    return try values[name] ?? graph.constants[name].map(files.load)
  }

  private func results(
    of entry: WorkNode, _ values: [String: Tensor], _ executor: UnsafePointer<zoo_executor>
  ) throws -> [Tensor] {
    if isCondition(entry.node) { return try results(ofBranch: entry, values, executor) }
    let operation = try registry.require(entry.node, opset: graph.opset(of: entry))
    let inputs = try entry.ownInputs.map { name in
      let tensor = try value(name, values)
      guard tensor != nil || name.isEmpty else { throw missing(name, entry.node) }
      return tensor
    }
    return try runEagerly(
      operation, entry.node, inputs: inputs, opset: graph.opset(of: entry), executor: executor)
  }

  /// What the branch gives that an If takes now that its condition is known. What lies around it is seen from within.
  private func results(
    ofBranch entry: WorkNode, _ outer: [String: Tensor], _ executor: UnsafePointer<zoo_executor>
  ) throws -> [Tensor] {
    let name = entry.node.inputs.first ?? ""
    guard let condition = try value(name, outer) else { throw missing(name, entry.node) }
    let body = try body(of: entry.node, where: truth(of: condition, in: entry.node))
    var values = outer
    for initializer in body.initializers { values[initializer.name] = try files.load(initializer.tensor) }
    for node in body.nodes {
      var inner = entry
      inner.node = node
      let outputs = try results(of: inner, values, executor)
      for (name, tensor) in zip(node.outputs, outputs) where !name.isEmpty { values[name] = tensor }
    }
    return try zip(entry.node.outputs, body.outputs).map { _, output in
      guard let tensor = try value(output.name, values) else { throw missing(output.name, entry.node) }
      return tensor
    }
  }

  private func missing(_ name: String, _ node: Node) -> ZooError {
    ZooError(.badData, "the value \"\(name)\" is made by nothing before it is read", at: node.label)
  }
}

/// Names that the bodies of an If read, their own ones among them.
private func captures(of node: Node) -> [String] {
  guard isCondition(node) else { return [] }
  var names: [String] = []
  var waiting = [node]
  while let node = waiting.popLast() {
    for attribute in node.attributes {
      guard case .graph(let body) = attribute.value else { continue }
      names += body.outputs.map(\.name) + body.nodes.flatMap(\.inputs)
      waiting += body.nodes
    }
  }
  return names
}

/// The mapped files whose elements a run reads where they lie.
private final class FilesInUse {
  private var files: [ObjectIdentifier: any DiscardableOwner] = [:]

  func load(_ constant: StoredTensor) throws -> Tensor {
    let tensor = try constant.load()
    if let file = tensor.memory?.file { files[ObjectIdentifier(file)] = file }
    return tensor
  }

  /// - Throws: `ZooError` (`badData`) where one has changed meanwhile.
  func checkUnchanged() throws {
    for file in files.values { try file.checkUnchanged() }
  }
}
