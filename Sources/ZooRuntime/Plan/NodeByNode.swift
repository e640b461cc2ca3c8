import CZooPlugin
import ZooCore

/// Runs a graph one node at a time, for graphs where shapes depend on data or values are strings.
struct NodeByNode {
  let graph: WorkGraph
  let registry: OperatorRegistry

  func run(
    _ inputs: [Tensor], executor: UnsafePointer<zoo_executor>, recorder: ProfileRecorder?
  ) throws -> [Tensor] {
    var values: [String: Tensor] = [:]
    var files: [ObjectIdentifier: any DiscardableOwner] = [:]
    for (input, tensor) in zip(graph.inputs, inputs) { values[input.name] = tensor }
    func value(_ name: String) throws -> Tensor? {
      if name.isEmpty { return nil }
      if let known = values[name] { return known }
      let constant = try graph.constants[name]?.load()
      if let file = constant?.memory?.file { files[ObjectIdentifier(file)] = file }
      return constant
    }
    var lastUse: [String: Int] = [:]
    for (index, entry) in graph.nodes.enumerated() {
      for name in entry.reads { lastUse[name] = index }
    }
    let published = Set(graph.outputs.map(\.value))
    for (index, entry) in graph.nodes.enumerated() {
      let operation = try registry.require(entry.node, opset: graph.opset(of: entry))
      recorder?.begin(index)
      let outputs = try runEagerly(
        operation, entry.node, inputs: try entry.ownInputs.map(value), opset: graph.opset(of: entry),
        executor: executor)
      recorder?.end()
      for (name, tensor) in zip(entry.node.outputs, outputs) where !name.isEmpty { values[name] = tensor }
      for name in entry.reads where lastUse[name] == index && !published.contains(name) { values[name] = nil }
    }
    let results = try graph.outputs.map { output in
      guard let tensor = try value(output.value) else {
        throw ZooError(.defect, "the output \"\(output.name)\" was not made")
      }
      return tensor
    }
    for file in files.values { try file.checkUnchanged() }
    return results
  }
}
