/// Drops nodes whose outputs nobody reads, and blanks unread outputs of the others.
func removeDeadCode(_ graph: inout WorkGraph) {
  var needed = Set(graph.outputs.map(\.value))
  var kept: [WorkNode] = []
  for var entry in graph.nodes.reversed() {
    entry.node.outputs = entry.node.outputs.map { needed.contains($0) ? $0 : "" }
    guard entry.node.outputs.contains(where: { !$0.isEmpty }) else { continue }
    needed.formUnion(entry.reads)
    kept.append(entry)
  }
  graph.nodes = kept.reversed()
  graph.constants = graph.constants.filter { needed.contains($0.key) }
}
