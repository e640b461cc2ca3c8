import ZooCore

/// Makes one QuantizeDequantize of a QuantizeLinear and the DequantizeLinear behind it, as models with rounded values have
/// them between their operators: one pass over memory in place of two, in any layout.
package struct FuseQuantizeDequantize: PatternPass {
  package let name = "fusing QuantizeDequantize"
  let lastOperators = ["DequantizeLinear"]
  let replacement = (domain: internalDomain, operatorType: "QuantizeDequantize", opset: Int64(1))

  package init() {}

  func rewrite(_ id: NodeID, _ node: CompilerNode, _ graph: inout CompilerGraph) {
    guard let output = node.outputs[0], let rounding = graph.making(node.input(0), "QuantizeLinear"),
      isPair(rounding, node, graph), graph.type(of: rounding.inputs[0]) == .float32, graph.type(of: output) == .float32
    else { return }
    graph.replace(
      id,
      by: [
        CompilerNode(
          replacement.operatorType, domain: replacement.domain, opset: replacement.opset, name: node.name,
          inputs: rounding.inputs, outputs: [output], attributes: node.attributes.filter { $0.name == "axis" })
      ])
  }

  /// Whether the second node undoes what the first one does, but for the rounding to eight bits.
  private func isPair(_ first: CompilerNode, _ second: CompilerNode, _ graph: CompilerGraph) -> Bool {
    guard first.inputs.count == 3, second.inputs.count == 3, let type = graph.type(of: first.inputs[2]),
      type == .int8 || type == .uint8, graph.type(of: first.inputs[1]) == .float32,
      graph.isSame(first.inputs[1], second.inputs[1]), graph.isSame(first.inputs[2], second.inputs[2])
    else { return false }
    return first.int("axis") ?? 1 == second.int("axis") ?? 1
      && [first, second].allSatisfy { $0.int("block_size") ?? 0 == 0 }
  }
}
