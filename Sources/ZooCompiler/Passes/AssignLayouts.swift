import ZooCore
import ZooOperators

/// Lets each operator choose the layouts of its inputs and outputs, first to last, and puts a Reorder of the
/// `zoo` domain, or that of the layout, wherever a value is wanted in another layout than it has.
///
/// Where no plugin offers Reorder everything stays plain.
package struct AssignLayouts: Pass {
  package let name = "assigning layouts"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    guard context.provider.offers("Reorder", domain: internalDomain, opset: 1) else { return }
    var copies = LayoutCopies(provider: context.provider)
    for id in Array(graph.nodes) where !graph.isRemoved(id) {
      let node = graph[id]
      let choice = try context.provider.layouts(of: node, in: graph)
      var changed = node
      for (index, input) in node.inputs.enumerated() {
        guard let input else { continue }
        changed.inputs[index] = copies.value(input, in: choice.operands[index], before: id, &graph)
      }
      var position = node.inputs.count
      for step in node.epilogue.indices {
        for (index, operand) in node.epilogue[step].operands.enumerated() {
          guard let operand else { continue }
          changed.epilogue[step].operands[index] = copies.value(
            operand, in: choice.operands[position], before: id, &graph)
          position += 1
        }
      }
      // Bodies take plain tensors.
      for body in node.bodies.indices {
        changed.bodies[body].captures = node.bodies[body].captures.map {
          copies.value($0, in: .plain, before: id, &graph)
        }
      }
      graph.update(id) { $0 = changed }
      for (output, layout) in zip(node.outputs, choice.outputs) { if let output { graph[output].layout = layout } }
    }
    for (index, output) in graph.outputs.enumerated() {
      graph.setOutput(index, to: copies.value(output, in: .plain, before: nil, &graph))
    }
  }
}

/// Values in other layouts, each made once.
private struct LayoutCopies {
  let provider: any OperatorProvider
  private var copies: [ValueID: [Layout: ValueID]] = [:]

  init(provider: any OperatorProvider) { self.provider = provider }

  mutating func value(
    _ value: ValueID, in layout: Layout, before place: NodeID?, _ graph: inout CompilerGraph
  ) -> ValueID {
    let original = graph[value]
    guard original.layout != layout else { return value }
    if let copy = copies[value]?[layout] { return copy }
    // From one layout to another by way of the plain one.
    if original.layout != .plain, layout != .plain {
      let plain = self.value(value, in: .plain, before: place, &graph)
      return self.copy(plain, of: value, in: layout, before: place, &graph)
    }
    return copy(value, of: value, in: layout, before: place, &graph)
  }

  /// A copy of `source`, which is `value` in this layout or the plain one.
  private mutating func copy(
    _ source: ValueID, of value: ValueID, in layout: Layout, before place: NodeID?, _ graph: inout CompilerGraph
  ) -> ValueID {
    let copy = graph.copy(source, to: layout, of: value, before: place, provider)
    copies[value, default: [:]][layout] = copy
    return copy
  }
}

extension CompilerGraph {
  /// A copy of `value`, read from `source`, which is that in its own layout or the plain one.
  mutating func copy(
    _ source: ValueID? = nil, to layout: Layout, of value: ValueID, before place: NodeID?,
    _ provider: any OperatorProvider
  ) -> ValueID {
    let original = self[value]
    let copy = addValue(
      ValueFacts(original.facts.kind, shape: original.facts.shape),
      name: "\(original.name)/\(layout == .plain ? "plain" : "blocked")")
    self[copy].layout = layout
    self[copy].copyOf = value
    insert(
      CompilerNode(
        "Reorder", domain: provider.reorderDomain(of: layout == .plain ? original.layout : layout), opset: 1,
        name: self[copy].name, inputs: [source ?? value], outputs: [copy],
        attributes: [Attribute("to", .int(Int64(layout.number)))]), before: place)
    return copy
  }
}
