import ZooCore

/// Makes one ProductArgMax of the ArgMax over a Gemm's rows with constant weights, which is how text is generated
/// greedily, where the product waits for its weights: few rows, many columns.
func fuseProductArgMax(_ pattern: inout PatternGraph, registry: OperatorRegistry) {
  guard registry.find(domain: internalDomain, name: "ProductArgMax", opset: 1) != nil else { return }
  for (index, entry) in pattern.graph.nodes.enumerated() {
    guard pattern.isOperator(entry.node, "ArgMax"), let found = product(of: entry.node, pattern),
      let output = entry.node.outputs.first
    else { continue }
    let node = Node(
      "ProductArgMax", domain: internalDomain, name: entry.node.name, inputs: found.inputs, outputs: [output],
      attributes: [Attribute("transB", .int(found.isTransposed ? 1 : 0))])
    pattern.replace(index, by: [WorkNode(node, opset: 1)])
  }
  pattern.rewrite()
}

/// Below, weights stay in the caches; with more rows, multiplying takes longer than reading.
private let (leastColumns, mostRows) = (8192, 16)

private func product(of node: Node, _ pattern: PatternGraph) -> (inputs: [String], isTransposed: Bool)? {
  guard let logits = node.inputs.first, let shape = pattern.shape(of: logits), shape.count == 2,
    shape[0] <= mostRows, shape[1] >= leastColumns, pattern.type(of: logits) == .float32,
    [-1, 1].contains(integer("axis", of: node) ?? 0), integer("keepdims", of: node) == 0,
    integer("select_last_index", of: node) ?? 0 == 0
  else { return nil }
  var (value, addend) = (logits, String?.none)
  if let sum = pattern.producer(of: value, "Add")?.node,
    let (found, other) = pattern.operands(sum, { isAddend($0, shape[1], pattern) ? $0 : nil })
  {
    (value, addend) = (other, found)
  }
  if let gemm = pattern.producer(of: value, "Gemm")?.node {
    guard integer("transA", of: gemm) ?? 0 == 0, isOne("alpha", of: gemm), isOne("beta", of: gemm) else { return nil }
    if gemm.inputs.count > 2, !gemm.inputs[2].isEmpty {
      guard addend == nil, isAddend(gemm.inputs[2], shape[1], pattern) else { return nil }
      addend = gemm.inputs[2]
    }
    return inputs(of: gemm, addend, isTransposed: integer("transB", of: gemm) ?? 0 != 0, pattern)
  }
  guard let matMul = pattern.producer(of: value, "MatMul")?.node else { return nil }
  return inputs(of: matMul, addend, isTransposed: false, pattern)
}

private func inputs(
  of node: Node, _ addend: String?, isTransposed: Bool, _ pattern: PatternGraph
) -> (inputs: [String], isTransposed: Bool)? {
  let (left, weights) = (node.inputs[0], node.inputs[1])
  // The sums of int8 products take so many depths.
  guard pattern.graph.constants[weights] != nil, let shape = pattern.shape(of: weights), shape.count == 2,
    pattern.shape(of: left)?.count == 2, (16...1 << 16).contains(shape[isTransposed ? 1 : 0])
  else { return nil }
  return ([left, weights] + (addend.map { [$0] } ?? []), isTransposed)
}

private func isAddend(_ value: String, _ columns: Int, _ pattern: PatternGraph) -> Bool {
  pattern.graph.constants[value] != nil && pattern.shape(of: value) == [columns]
}

private func isOne(_ name: String, of node: Node) -> Bool {
  guard case .float(let value)? = node[attribute: name] else { return true }
  return value == 1
}
