import ZooCore
import ZooOperators

/// Has a value reach the plain layout before a node that enlarges it, as Resize does, in place of behind that and what
/// follows it one element after the other: less is copied.
package struct ReorderEarly: Pass {
  package let name = "reordering early"

  /// What is followed upwards.
  private static let mostNodes = 16

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    for id in Array(graph.nodes) where graph[id].operatorType == "Reorder" {
      guard let copy = graph[id].outputs[0], graph[copy].layout == .plain, let blocked = graph[id].inputs[0],
        let chain = chain(endingIn: blocked, graph), let first = chain.last, let small = graph[first].inputs[0]
      else { continue }
      var moved = graph
      let source = moved.copy(to: .plain, of: small, before: first, context.provider)
      moved.update(first) { $0.inputs[0] = source }
      var isPlain = true
      for node in chain.reversed() where isPlain {
        let choice = try context.provider.layouts(of: moved[node], in: moved)
        isPlain = choice.operands.allSatisfy { $0 == .plain } && choice.outputs == [.plain]
        for case let output? in moved[node].outputs { moved[output].layout = .plain }
      }
      guard isPlain else { continue }
      moved.redirect(copy, to: blocked)
      moved.remove(id)
      graph = moved
    }
  }

  /// The nodes from the one that makes `value` up to one that enlarges what it reads, if others see nothing of them and
  /// nothing else that they read is blocked.
  private func chain(endingIn value: ValueID, _ graph: CompilerGraph) -> [NodeID]? {
    var (value, chain) = (value, [NodeID]())
    while chain.count < Self.mostNodes, graph.onlyReader(of: value) != nil, let id = graph[value].producer {
      let node = graph[id]
      guard node.outputs == [value], node.epilogue.isEmpty, node.bodies.isEmpty, let input = node.inputs.first ?? nil,
        node.inputs.dropFirst().allSatisfy({ $0.map { graph[$0].layout == .plain } ?? true }),
        let (before, after) = graph.elements(of: input, value)
      else { return nil }
      chain.append(id)
      if before <= after / 2 { return graph[input].layout == .plain ? nil : chain }
      guard before == after else { return nil }
      value = input
    }
    return nil
  }
}

extension CompilerGraph {
  fileprivate func elements(of first: ValueID, _ second: ValueID) -> (Int, Int)? {
    guard let one = shape(of: first), let other = shape(of: second) else { return nil }
    return (one.reduce(1, *), other.reduce(1, *))
  }
}
