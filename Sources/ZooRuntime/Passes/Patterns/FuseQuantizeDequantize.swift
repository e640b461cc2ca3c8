import ZooCore

/// Makes one QuantizeDequantize of a QuantizeLinear and the DequantizeLinear behind it, as models with rounded values have
/// them between their operators: one pass over memory in place of two, in any layout.
func fuseQuantizeDequantize(_ pattern: inout PatternGraph, registry: OperatorRegistry) {
  guard registry.find(domain: internalDomain, name: "QuantizeDequantize", opset: 1) != nil else { return }
  for (index, entry) in pattern.graph.nodes.enumerated() {
    let node = entry.node
    guard pattern.isOperator(node, "DequantizeLinear"), let integers = node.inputs.first,
      let output = node.outputs.first,
      let rounding = pattern.producer(of: integers, "QuantizeLinear")?.node, isPair(rounding, node, pattern),
      pattern.type(of: rounding.inputs[0]) == .float32, pattern.type(of: output) == .float32
    else { continue }
    let axis = node.attributes.filter { $0.name == "axis" }
    let fused = Node(
      "QuantizeDequantize", domain: internalDomain, name: node.name, inputs: rounding.inputs, outputs: [output],
      attributes: axis)
    pattern.replace(index, by: [WorkNode(fused, opset: 1)])
  }
  pattern.rewrite()
}

/// Whether the second node undoes what the first one does, but for the rounding to eight bits.
private func isPair(_ first: Node, _ second: Node, _ pattern: PatternGraph) -> Bool {
  guard first.inputs.count == 3, second.inputs.count == 3, !first.inputs.contains(""), !second.inputs.contains(""),
    let type = pattern.type(of: first.inputs[2]), type == .int8 || type == .uint8,
    pattern.type(of: first.inputs[1]) == .float32,
    pattern.isSame(first.inputs[1], second.inputs[1]), pattern.isSame(first.inputs[2], second.inputs[2])
  else { return false }
  return integer("axis", of: first) ?? 1 == integer("axis", of: second) ?? 1
    && [first, second].allSatisfy { integer("block_size", of: $0) ?? 0 == 0 }
}
