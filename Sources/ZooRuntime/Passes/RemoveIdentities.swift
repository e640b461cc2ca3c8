import ZooCore

/// Drops nodes that give their input unchanged: Identity, Dropout at inference, casts and reshapes to what is there.
func removeIdentities(_ graph: inout WorkGraph) {
  guard graph.nodes.contains(where: { identities.contains($0.node.operatorType) }) else { return }
  let published = Set(graph.outputs.map(\.value))
  let readers = graph.consumers()
  var replaced: [String: String] = [:]
  var kept: [WorkNode] = []
  for var entry in graph.nodes {
    entry.replaceReads { replaced[$0] ?? $0 }
    let node = entry.node
    if isIdentity(node, in: graph, isRead: { readers[$0] != nil || published.contains($0) }),
      let output = node.outputs.first,
      !published.contains(output)
    {
      replaced[output] = node.inputs[0]
    } else {
      kept.append(entry)
    }
  }
  graph.nodes = kept
}

private let identities: Set<String> = [
  "Identity", "Dropout", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand",
]

private func isIdentity(_ node: Node, in graph: WorkGraph, isRead: (String) -> Bool) -> Bool {
  guard OperatorRegistry.canonical(node.domain).isEmpty, let input = node.inputs.first, !input.isEmpty,
    let output = node.outputs.first, !node.outputs.dropFirst().contains(where: isRead)
  else { return false }
  switch node.operatorType {
  case "Identity": return true
  case "Dropout":
    // From opset 12 on an input can ask for training.
    return node.inputs.count < 3 || node.inputs[2].isEmpty
  case "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand":
    guard let before = graph.types[input], let after = graph.types[output] else { return false }
    return before.type == after.type && before.shape == after.shape
  default: return false
  }
}
