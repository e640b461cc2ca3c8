/// Drops nodes whose outputs nobody reads, and unread outputs of the others, but for the first one: kernels make that in any
/// case.
package struct RemoveDeadCode: Pass {
  package let name = "removing dead code"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws { graph.removeDeadCode() }
}

extension CompilerGraph {
  package mutating func removeDeadCode() {
    for id in Array(nodes).reversed() {
      let node = self[id]
      let isNeeded = node.outputs.map { $0.map(isRead) ?? false }
      let outputs = node.outputs.indices.map { $0 == 0 || isNeeded[$0] ? node.outputs[$0] : nil }
      if !isNeeded.contains(true) {
        remove(id)
      } else if outputs != node.outputs {
        update(id) { $0.outputs = outputs }
      }
    }
  }
}
