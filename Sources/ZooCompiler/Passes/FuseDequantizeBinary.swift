import ZooCore

/// Makes one DequantizeAdd of an Add and the DequantizeLinear of one of its operands, and one DequantizeMul of a Mul, which
/// are folded onto the end of what makes the other one.
package struct FuseDequantizeBinary: Pass {
  package let name = "adding and multiplying bytes"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    for id in Array(graph.nodes) where !graph.isRemoved(id) {
      let node = graph[id]
      guard node.isOperator("Add") || node.isOperator("Mul"), node.epilogue.isEmpty, let whole = whole(node, graph),
        context.provider.offers(whole.operatorType, domain: whole.domain, opset: whole.opset)
      else { continue }
      graph.replace(id, by: [whole])
    }
  }

  private func whole(_ node: CompilerNode, _ graph: CompilerGraph) -> CompilerNode? {
    guard node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1], let output = node.outputs[0],
      left != right, graph.type(of: output) == .float32,
      [left, right].allSatisfy({ graph.shape(of: $0) == graph.shape(of: output) })
    else { return nil }
    let found = [(left, right), (right, left)].compactMap { number, bytes in
      graph.dequantization(of: bytes).map { (number: number, addend: $0) }
    }
    // What is only rounded stays with what makes it; the other operand is read as bytes.
    guard let best = found.first(where: { isRoundedOnly($0.number, graph) }) ?? found.first else { return nil }
    return node.replaced(
      by: "Dequantize\(node.operatorType)", domain: internalDomain, opset: 1,
      [best.number, best.addend.bytes, best.addend.scale, best.addend.zero])
  }

  /// Whether `value` is quantized and dequantized again for this one reader.
  private func isRoundedOnly(_ value: ValueID, _ graph: CompilerGraph) -> Bool {
    guard let rounding = graph.dequantization(of: value), graph.onlyReader(of: value) != nil,
      graph.onlyReader(of: rounding.bytes) != nil,
      let source = graph.making(rounding.bytes, "QuantizeLinear")?.inputs[0]
    else { return false }
    return graph.onlyReader(of: source) != nil && graph[source].producer != nil
  }
}
