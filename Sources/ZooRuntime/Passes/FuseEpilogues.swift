import ZooCore

/// Folds elementwise operators onto the node that makes their input, where that node's operator accepts them.
func fuseEpilogues(_ graph: inout WorkGraph, registry: OperatorRegistry) throws {
  let published = Set(graph.outputs.map(\.value))
  let readers = graph.consumers()
  var removed: Set<Int> = []
  var fused = graph.nodes
  for index in graph.nodes.indices {
    var entry = fused[index]
    let operation = try registry.require(entry.node, opset: graph.opset(of: entry))
    guard !removed.contains(index), operation.table.pointee.accepts != nil else { continue }
    var place = index
    while let next = try absorbed(
      by: entry, operation, in: graph, nodes: fused, readers: readers, published: published)
    {
      entry = next.entry
      removed.insert(place)
      // The step's other operands may be made after this node, but not after the step.
      place = next.place
      fused[place] = entry
      removed.remove(place)
    }
  }
  graph.nodes = fused.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
}

/// No operator folds in more, and asking about a sum of thousands, once for each of its operands, takes long.
private let mostOperands = 8
private let mostSteps = 16

/// `entry` with its only reader folded in, and that reader's place.
private func absorbed(
  by entry: WorkNode, _ operation: RegisteredOperator, in graph: WorkGraph, nodes: [WorkNode],
  readers: [String: [Int]], published: Set<String>
) throws -> (entry: WorkNode, place: Int)? {
  guard let value = entry.node.outputs.first, !value.isEmpty, !published.contains(value),
    entry.node.outputs.dropFirst().allSatisfy({ $0.isEmpty || (readers[$0] == nil && !published.contains($0)) }),
    let place = readers[value]?.first, readers[value]?.count == 1
  else { return nil }
  let reader = nodes[place]
  guard OperatorRegistry.canonical(reader.node.domain).isEmpty, reader.node.outputs.count == 1,
    reader.node.inputs.count <= mostOperands, entry.epilogue.count < mostSteps,
    reader.epilogue.isEmpty, let before = graph.types[value], let after = graph.types[reader.node.outputs[0]],
    before.type == after.type, before.shape == after.shape
  else { return nil }
  let step = EpilogueStep(
    operatorType: reader.node.operatorType, attributes: reader.node.attributes,
    operands: reader.ownInputs.map { $0 == value ? nil : $0 })
  guard !step.operands.contains("") else { return nil }

  var grown = entry
  grown.epilogue.append(step)
  // The operator judges the step with its operands among the inputs, but the epilogue as it is now.
  let operands = grown.numberedEpilogue.last?.operands ?? []
  let bound = try BoundNode(
    entry.node, opset: graph.opset(of: entry), inputs: try grown.operands.map { try graph.describe($0) },
    ownInputCount: entry.ownInputs.count, epilogue: entry.numberedEpilogue, arithmetic: graph.arithmetic)
  guard try operation.accepts(step, operands: operands, in: bound) else { return nil }
  grown.node.outputs[0] = reader.node.outputs[0]
  return (grown, place)
}
