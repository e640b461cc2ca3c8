import ZooCore
import ZooOperators

/// Has a Concat read an earlier one in place of what both begin with, as in DenseNets, where each layer reads all that came
/// before: what a Concat reads can be made in its place (`Placement`), and there is only one place.
package struct NestConcats: Pass {
  package let name = "nesting concatenations"

  /// Longer ones have their beginnings not looked for.
  private static let mostInputs = 256

  private struct Parts: Hashable {
    var axis: Int?
    var inputs: [ValueID?]
  }

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    var made: [Parts: ValueID] = [:]
    for id in Array(graph.nodes) {
      let node = graph[id]
      guard node.domain.isEmpty, node.operatorType == "Concat", node.epilogue.isEmpty, let output = node.outputs[0],
        (2...Self.mostInputs).contains(node.inputs.count)
      else { continue }
      let whole = Parts(axis: node.int("axis"), inputs: node.inputs)
      for count in stride(from: node.inputs.count - 1, through: 2, by: -1) {
        let start = Parts(axis: whole.axis, inputs: Array(node.inputs.prefix(count)))
        guard let earlier = made[start] else { continue }
        graph.update(id) { $0.inputs = [earlier] + node.inputs.dropFirst(count) }
        break
      }
      made[whole] = output
    }
  }
}
