import CZooPlugin
import ZooCore

/// Gives every value its type and shape for the input shapes in `graph.types`, and folds what turns out constant.
///
/// Returns `false` where some shape depends on data, or values are strings: such graphs run node by node.
func inferShapes(_ graph: inout WorkGraph, registry: OperatorRegistry) throws -> Bool {
  var kept: [WorkNode] = []
  // Last to first, so that the nodes of a branch can take the place of their If.
  var waiting = Array(graph.nodes.reversed())
  var taken: Set<String> = []
  if waiting.contains(where: { isCondition($0.node) }) {
    taken = Set(graph.nodes.flatMap(\.node.outputs) + Array(graph.constants.keys) + Array(graph.types.keys))
  }
  while let entry = waiting.popLast() {
    let node = entry.node
    if isCondition(node) {
      waiting += try branch(of: entry, in: &graph, taken: &taken).reversed()
      continue
    }
    if node.outputs.count == 1, let stored = node.constantTensor {
      graph.constants[node.outputs[0]] = stored
      continue
    }
    if let converted = try convertedConstant(
      node, of: { graph.shapeDependent.contains($0) ? nil : graph.constants[$0] })
    {
      graph.constants[node.outputs[0]] = converted
      continue
    }
    if let shape = try foldedShape(node, in: graph) {
      graph.constants[node.outputs[0]] = StoredTensor(shape)
      graph.shapeDependent.insert(node.outputs[0])
      continue
    }
    let operation = try registry.require(node, opset: graph.opset(of: entry))
    let bound = try entry.bind(
      opset: graph.opset(of: entry), arithmetic: graph.arithmetic, describe: graph.describe)
    let types = try operation.infer(bound, node: node)
    if types.contains(where: { $0.shape == nil || $0.type == .string }) { return false }
    if try foldable(node, outputs: types, in: graph) {
      try fold(entry, operation, in: &graph)
      continue
    }
    for (name, type) in zip(node.outputs, types) where !name.isEmpty { graph.types[name] = type }
    kept.append(entry)
  }
  graph.nodes = kept
  return !graph.types.values.contains { $0.type == .string }
}

/// What a Shape node gives, where its input's shape is known (its `start` and `end` came with opset 15).
private func foldedShape(_ node: Node, in graph: WorkGraph) throws -> Tensor? {
  guard node.operatorType == "Shape", OperatorRegistry.canonical(node.domain).isEmpty, node.outputs.count == 1,
    node.inputs.count == 1, let shape = try graph.describe(node.inputs[0])?.shape
  else { return nil }
  func bound(_ name: String, _ otherwise: Int) -> Int {
    guard case .int(let value) = node[attribute: name] else { return otherwise }
    let clamped = Int(clamping: value)
    return min(max(clamped < 0 ? clamped + shape.count : clamped, 0), shape.count)
  }
  let start = bound("start", 0)
  let part = shape[start..<max(start, bound("end", shape.count))]
  return try Tensor(part.map(Int64.init), shape: [part.count])
}

/// Operators whose result differs from run to run.
private let random: Set<String> = [
  "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli",
]

private func foldable(_ node: Node, outputs: [ValueDescription], in graph: WorkGraph) throws -> Bool {
  let inputs = node.inputs.filter { !$0.isEmpty }
  guard inputs.allSatisfy({ graph.constants[$0] != nil }), !random.contains(node.operatorType) else { return false }
  // A few attributes can ask for any amount of memory; what is folded stays in proportion to what the file holds.
  let given = inputs.reduce(0) { $0 + (graph.constants[$1]?.byteCount ?? 0) }
  let made = try outputs.reduce(0) { try $0 + $1.byteCount }
  return made <= max(1 << 20, given)
}

private func fold(_ entry: WorkNode, _ operation: RegisteredOperator, in graph: inout WorkGraph) throws {
  let node = entry.node
  let inputs = try node.inputs.map { $0.isEmpty ? nil : try graph.constants[$0]?.load() }
  let outputs = try SerialExecutor.with {
    try runEagerly(operation, node, inputs: inputs, opset: graph.opset(of: entry), executor: $0)
  }
  let dependent = node.inputs.contains { graph.shapeDependent.contains($0) }
  for (name, tensor) in zip(node.outputs, outputs) where !name.isEmpty {
    graph.constants[name] = StoredTensor(tensor)
    if dependent { graph.shapeDependent.insert(name) }
  }
}
