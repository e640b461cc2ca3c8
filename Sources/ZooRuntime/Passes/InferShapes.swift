import CZooPlugin
import ZooCore

/// Gives every value its type and shape for the input shapes in `graph.types`, takes the branches that follow from them,
/// and folds what turns out constant.
///
/// Returns `false` where some shape or the condition of an If depends on data, or values are strings: such graphs run node
/// by node, with what is known all the same.
func inferShapes(_ graph: inout WorkGraph, registry: OperatorRegistry) throws -> Bool {
  var kept: [WorkNode] = []
  kept.reserveCapacity(graph.nodes.count)
  graph.types.reserveCapacity(graph.nodes.count)
  var holdsStrings = false
  // Last to first, so that the nodes of a branch can take the place of their If.
  var waiting = Array(graph.nodes.reversed())
  var taken: Set<String> = []
  if waiting.contains(where: { isCondition($0.node) }) {
    taken = Set(graph.nodes.flatMap(\.node.outputs) + Array(graph.constants.keys) + Array(graph.types.keys))
  }
  while var entry = waiting.popLast() {
    graph.nameFirstOutput(of: &entry.node)
    if isCondition(entry.node), try condition(of: entry.node, in: graph) != nil {
      waiting += try branch(of: entry, in: &graph, taken: &taken).reversed()
      continue
    }
    if try becameConstant(entry, in: &graph) { continue }
    guard !isCondition(entry.node), graph.knowsInputs(of: entry) else {
      graph.unknown.formUnion(entry.node.outputs.filter { !$0.isEmpty })
      kept.append(entry)
      continue
    }
    let node = entry.node
    let opset = graph.opset(of: entry)
    let operation = try registry.require(node, opset: opset)
    let bound = try entry.bind(opset: opset, arithmetic: graph.arithmetic) { try graph.describe($0) }
    let types = try operation.infer(bound, node: node)
    holdsStrings = holdsStrings || types.contains { $0.type == .string }
    if try foldable(node, outputs: types, in: graph) {
      try fold(entry, operation, in: &graph)
      continue
    }
    for (name, type) in zip(node.outputs, types) where !name.isEmpty {
      if type.shape == nil { graph.unknown.insert(name) } else { graph.types[name] = type }
    }
    kept.append(entry)
  }
  graph.nodes = kept
  holdsStrings =
    holdsStrings || graph.types.values.contains { $0.type == .string }
    || graph.outputs.contains { graph.constants[$0.value]?.type == .string }
  return graph.unknown.isEmpty && !holdsStrings
}

extension WorkGraph {
  /// Gives a first output that the model leaves out a name, since kernels make it in any case.
  fileprivate mutating func nameFirstOutput(of node: inout Node) {
    guard node.outputs.first == "", let other = node.outputs.first(where: { !$0.isEmpty }) else { return }
    node.outputs[0] = invent("first", of: other)
  }
}

/// Makes a constant of what the node gives, where that takes no kernel.
private func becameConstant(_ entry: WorkNode, in graph: inout WorkGraph) throws -> Bool {
  let node = entry.node
  if node.outputs.count == 1, let stored = node.constantTensor {
    try graph.define(node.outputs[0], as: stored)
    return true
  }
  if let converted = try convertedConstant(
    node, of: { graph.shapeDependent.contains($0) ? nil : graph.constants[$0] })
  {
    let operation = OperationKey(node, opset: graph.opset(of: entry))
    graph.constants[node.outputs[0]] = graph.derived(converted, by: operation, of: node.inputs)
    return true
  }
  if let shape = try foldedShape(node, in: graph) {
    graph.constants[node.outputs[0]] = StoredTensor(shape)
    graph.shapeDependent.insert(node.outputs[0])
    return true
  }
  return false
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
  guard inputs.allSatisfy({ graph.constants[$0] != nil }), !random.contains(node.operatorType),
    outputs.allSatisfy({ $0.shape != nil })
  else { return false }
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
  let key = OperationKey(node, opset: graph.opset(of: entry))
  for (part, (name, tensor)) in zip(node.outputs, outputs).enumerated() where !name.isEmpty {
    graph.constants[name] = graph.derived(StoredTensor(tensor), by: key, of: node.inputs, part: part)
    if dependent { graph.shapeDependent.insert(name) }
  }
}
