import ZooCore
import ZooOperators

/// The nodes so that producers come before readers, otherwise in their own order (Kahn 1962). The ONNX specification asks
/// for order, but files without it are there, and ONNX Runtime takes them.
///
/// - Throws: `ZooError` (`badData`) for nodes that wait for each other.
func sorted(_ nodes: [Node]) throws -> [Node] {
  var producers: [ExactText: Int] = [:]
  producers.reserveCapacity(nodes.count)
  for (index, node) in nodes.enumerated() {
    for output in node.outputs where !output.isEmpty { producers[ExactText(output)] = index }
  }
  func isReady(_ name: ExactText, before index: Int) -> Bool { producers[name].map { $0 < index } ?? true }
  // Names may be long: each is looked at once.
  let isInOrder = nodes.enumerated().allSatisfy { index, node in
    node.inputs.allSatisfy { isReady(ExactText($0), before: index) }
      && (node.subgraphs.isEmpty || node.namesRead.allSatisfy { isReady($0, before: index) })
  }
  if isInOrder { return nodes }

  // Nodes of which a node needs something, in its bodies too.
  let dependencies = nodes.indices.map { index in
    Set(nodes[index].namesRead.compactMap { producers[$0] }.filter { $0 != index })
  }
  var waiting = dependencies.map(\.count)
  var readers = [[Int]](repeating: [], count: nodes.count)
  for (index, needed) in dependencies.enumerated() {
    for dependency in needed { readers[dependency].append(index) }
  }
  var ready = waiting.indices.filter { waiting[$0] == 0 }
  var order: [Node] = []
  var next = 0
  while next < ready.count {
    let index = ready[next]
    next += 1
    order.append(nodes[index])
    for reader in readers[index] {
      waiting[reader] -= 1
      if waiting[reader] == 0 { ready.append(reader) }
    }
  }
  guard order.count == nodes.count else {
    let stuck = waiting.indices.first { waiting[$0] > 0 } ?? 0
    throw ZooError(.badData, "the graph has a cycle through this node", at: nodes[stuck].label)
  }
  return order
}
