/// Drops nodes whose outputs nobody reads, and unread outputs of the others.
public struct RemoveDeadCode: Pass {
  public let name = "removing dead code"

  public init() {}

  public func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws { graph.removeDeadCode() }
}

extension CompilerGraph {
  public mutating func removeDeadCode() {
    for id in Array(nodes).reversed() {
      let node = self[id]
      let outputs = node.outputs.map { output in output.flatMap { isRead($0) ? $0 : nil } }
      if outputs.allSatisfy({ $0 == nil }) {
        remove(id)
      } else if outputs != node.outputs {
        update(id) { $0.outputs = outputs }
      }
    }
  }
}
