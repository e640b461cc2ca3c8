import ZooCompiler
import ZooCore

extension FusePatterns {
  /// One QuantizeDequantize of a QuantizeLinear and the DequantizeLinear behind it, as models with rounded values have them
  /// between their operators: one pass over memory in place of two, in any layout.
  func quantizeDequantize(_ node: CompilerNode, _ graph: CompilerGraph) -> CompilerNode? {
    guard let output = node.outputs[0], let rounding = graph.making(node.input(0), "QuantizeLinear"),
      let bytes = node.inputs[0], isPair(rounding, node, graph), isOnlyRounded(bytes, output, graph),
      graph.type(of: rounding.inputs[0]) == .float32, graph.type(of: output) == .float32
    else { return nil }
    return node.replaced(
      by: "QuantizeDequantize", domain: internalDomain, opset: 1, rounding.inputs,
      node.attributes.filter { $0.name == "axis" })
  }

  /// Whether nobody is served by the bytes themselves: not who reads them as they are, nor who reads numbers that a
  /// convolution of bytes has written as such, unless it goes on with them itself.
  private func isOnlyRounded(_ bytes: ValueID, _ numbers: ValueID, _ graph: CompilerGraph) -> Bool {
    guard graph[bytes].outputCount == 0,
      graph[bytes].readers.nodes.allSatisfy({ graph[$0].isOperator("DequantizeLinear") })
    else { return false }
    guard let source = graph.making(bytes, "QuantizeLinear")?.inputs[0], let producer = graph[source].producer,
      graph[producer].operatorType == "QuantizedConv"
    else { return true }
    guard let reader = graph.onlyReader(of: numbers) else { return false }
    return ["DequantizeAdd", "QuantizeLinear"].contains(graph[reader].operatorType)
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
