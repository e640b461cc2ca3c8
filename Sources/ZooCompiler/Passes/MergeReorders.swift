import ZooCore
import ZooOperators

/// Makes one copy of a Reorder and a Transpose that has channels last, with views in between, as networks have them where
/// convolutions and products of tokens take turns.
package struct MergeReorders: Pass {
  package let name = "merging reorders and transpositions"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    var hasChanged = false
    for id in Array(graph.nodes) where !graph.isRemoved(id) && graph[id].operatorType == "Reorder" {
      guard graph[id].domain == internalDomain, let input = graph[id].inputs[0], let output = graph[id].outputs[0],
        graph[id].int("channels_last") ?? 0 == 0, graph.type(of: input) == .float32
      else { continue }
      if graph[output].layout == .plain, let transpose = graph.transposeBehind(output) {
        let reorder = graph[id]
        graph.update(transpose) { $0 = reorder.withChannelsLast([input], $0.outputs) }
        hasChanged = true
      } else if graph[input].layout == .plain, let source = graph.transposedBefore(input) {
        graph.update(id) { $0 = $0.withChannelsLast([source], $0.outputs) }
        hasChanged = true
      }
    }
    if hasChanged { graph.removeDeadCode() }
  }
}

extension CompilerNode {
  fileprivate func withChannelsLast(_ inputs: [ValueID?], _ outputs: [ValueID?]) -> CompilerNode {
    var node = self
    (node.inputs, node.outputs) = (inputs, outputs)
    node.attributes.append(Attribute("channels_last", .int(1)))
    return node
  }
}

extension CompilerGraph {
  /// Views in a row that are looked through.
  private static var mostViews: Int { 4 }

  /// The Transpose that alone reads `value`, seen through views, and puts channels last.
  fileprivate func transposeBehind(_ value: ValueID) -> NodeID? {
    var value = value
    for _ in 0...Self.mostViews {
      guard let reader = onlyReader(of: value), let output = self[reader].outputs[0], self[reader].epilogue.isEmpty
      else {
        return nil
      }
      if self[reader].isOperator("Transpose") {
        let rank = shape(of: value)?.count ?? 0
        return rank > 2 && self[reader].ints("perm") == [0] + Array(2..<rank) + [1] ? reader : nil
      }
      guard isViewOfPositions(reader) else { return nil }
      value = output
    }
    return nil
  }

  /// What has channels last in place of `value`, seen through views.
  fileprivate func transposedBefore(_ value: ValueID) -> ValueID? {
    var value = value
    for _ in 0...Self.mostViews {
      guard let producer = self[value].producer, self[producer].epilogue.isEmpty else { return nil }
      if self[producer].isOperator("Transpose") {
        let rank = shape(of: value)?.count ?? 0
        guard rank > 2, self[producer].ints("perm") == [0, rank - 1] + Array(1..<rank - 1) else { return nil }
        return self[producer].inputs[0]
      }
      guard isViewOfPositions(producer), let input = self[producer].inputs[0] else { return nil }
      value = input
    }
    return nil
  }

  /// Whether a node gives its input's elements in a shape with the same images and channels.
  private func isViewOfPositions(_ id: NodeID) -> Bool {
    guard self[id].isView, let before = shape(of: self[id].inputs[0]), let after = shape(of: self[id].outputs[0]) else {
      return false
    }
    return before.count > 2 && after.count > 2 && before.prefix(2) == after.prefix(2)
  }
}
