import ZooCore
import ZooOperators

/// Drops nodes that give their input unchanged: Identity, Dropout at inference, casts and reshapes to what is there, pads of
/// nothing, slices of all, sums of one.
package struct RemoveIdentities: Pass {
  package let name = "removing identities"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    for id in Array(graph.nodes) where !graph.isRemoved(id) {
      let node = graph[id]
      guard let input = node.inputs.first ?? nil, let output = node.outputs.first ?? nil,
        isIdentity(node, input, output, in: graph), graph[output].outputCount == 0
      else { continue }
      graph.redirect(output, to: input)
      graph.remove(id)
    }
  }

  private func isIdentity(
    _ node: CompilerNode, _ input: ValueID, _ output: ValueID, in graph: CompilerGraph
  ) -> Bool {
    guard node.domain.isEmpty, node.epilogue.isEmpty,
      !node.outputs.dropFirst().contains(where: { $0.map(graph.isRead) ?? false })
    else { return false }
    let (before, after) = (graph[input].facts, graph[output].facts)
    let isAlike = before.kind == after.kind && before.fixedShape != nil && before.fixedShape == after.fixedShape
    switch node.operatorType {
    case "Identity": return before.constant == nil || graph[output].outputCount == 0
    // From version 12 on an input can ask for training.
    case "Dropout": return node.inputs.count < 3 || node.inputs[2] == nil
    case "Cast", "Expand", "Tile": return isAlike
    case "Pad":
      return isAlike && holds(0, in: node.ints("pads") ?? node.ints("paddings") ?? graph.integers(node.input(1)))
    case "Slice": return isAlike && (node.input(4) == nil || holds(1, in: graph.integers(node.input(4))))
    case "Concat", "Sum", "Max", "Min", "Mean": return node.inputs.count == 1
    case "Transpose": return node.ints("perm").map { $0.elementsEqual($0.indices) } ?? false
    default: return node.isView && isAlike
    }
  }

  private func holds(_ number: Int, in list: [Int]?) -> Bool { list?.allSatisfy { $0 == number } ?? false }
}
