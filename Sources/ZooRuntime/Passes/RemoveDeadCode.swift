/// Drops nodes whose outputs nobody reads, and blanks unread outputs of the others, but for the first one: kernels make
/// that in any case.
func removeDeadCode(_ graph: inout WorkGraph) {
  var needed = Set(graph.outputs.map(\.value))
  var kept: [WorkNode] = []
  for var entry in graph.nodes.reversed() {
    guard entry.node.outputs.contains(where: needed.contains) else { continue }
    for index in entry.node.outputs.indices.dropFirst() where !needed.contains(entry.node.outputs[index]) {
      entry.node.outputs[index] = ""
    }
    needed.formUnion(entry.reads)
    kept.append(entry)
  }
  graph.nodes = kept.reversed()
  graph.constants = graph.constants.filter { needed.contains($0.key) }
}
