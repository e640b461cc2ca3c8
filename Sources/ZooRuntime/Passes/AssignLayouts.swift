import CZooPlugin
import ZooCore

/// Lets each operator choose the layouts of its inputs and outputs, first to last, and puts a Reorder of the
/// `zoo` domain wherever a value is wanted in another layout than it has.
///
/// Where no plugin offers Reorder everything stays plain.
func assignLayouts(_ graph: inout WorkGraph, registry: OperatorRegistry) throws {
  guard registry.find(domain: internalDomain, name: "Reorder", opset: 1) != nil else { return }
  let plain = Int32(ZOO_LAYOUT_PLAIN)
  var nodes: [WorkNode] = []
  /// By value and layout.
  var copies: [String: [Int32: String]] = [:]

  func converted(_ name: String, to layout: Int32) throws -> String {
    guard let type = try graph.describe(name), type.layout != layout else { return name }
    if let copy = copies[name]?[layout] { return copy }
    let copy = graph.invent(layout == plain ? "plain" : "nchw16c", of: name)
    copies[name, default: [:]][layout] = copy
    graph.layoutCopies[copy] = name
    nodes.append(
      WorkNode(
        Node(
          "Reorder", domain: internalDomain, name: InternalName.shown(copy), inputs: [name], outputs: [copy],
          attributes: [Attribute("to", .int(Int64(layout)))]), opset: 1))
    graph.types[copy] = ValueDescription(type: type.type, shape: type.shape, layout: layout)
    graph.arithmetic.ranges[copy] = graph.arithmetic.ranges[name]
    return copy
  }

  for var entry in graph.nodes {
    let operation = try registry.require(entry.node, opset: graph.opset(of: entry))
    let bound = try entry.bind(
      opset: graph.opset(of: entry), arithmetic: graph.arithmetic
    ) { try graph.describe($0) }
    let choice = try operation.layouts(bound, node: entry.node)
    let own = entry.ownInputs.count
    for position in 0..<own where !entry.node.inputs[position].isEmpty {
      entry.node.inputs[position] = try converted(entry.node.inputs[position], to: choice.inputs[position])
    }
    for (step, numbered) in entry.numberedEpilogue.enumerated() {
      for (position, number) in numbered.operands.enumerated() where number >= 0 {
        guard let name = entry.epilogue[step].operands[position] else { continue }
        entry.epilogue[step].operands[position] = try converted(name, to: choice.inputs[Int(number)])
      }
    }
    for (position, name) in entry.node.outputs.enumerated() where !name.isEmpty {
      graph.types[name]?.layout = choice.outputs[position]
    }
    nodes.append(entry)
  }
  for index in graph.outputs.indices {
    graph.outputs[index].value = try converted(graph.outputs[index].value, to: plain)
  }
  graph.nodes = nodes
}
