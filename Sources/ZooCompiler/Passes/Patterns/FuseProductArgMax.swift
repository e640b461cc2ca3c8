import ZooCore

/// Makes one ProductArgMax of the ArgMax over a Gemm's rows with constant weights, which is how text is generated
/// greedily, where the product waits for its weights: few rows, many columns.
package struct FuseProductArgMax: PatternPass {
  package let name = "fusing ProductArgMax"
  let lastOperators = ["ArgMax"]
  let replacement = (domain: internalDomain, operatorType: "ProductArgMax", opset: Int64(1))

  /// Below, weights stay in the caches; with more rows, multiplying takes longer than reading.
  private static let (leastColumns, mostRows) = (8192, 16)

  package init() {}

  func rewrite(_ id: NodeID, _ node: CompilerNode, _ graph: inout CompilerGraph) {
    guard let found = product(of: node, graph) else { return }
    graph.replace(
      id,
      by: [
        CompilerNode(
          replacement.operatorType, domain: replacement.domain, opset: replacement.opset, name: node.name,
          inputs: found.inputs, outputs: node.outputs,
          attributes: [Attribute("transB", .int(found.isTransposed ? 1 : 0))])
      ])
  }

  private func product(
    of node: CompilerNode, _ graph: CompilerGraph
  ) -> (inputs: [ValueID?], isTransposed: Bool)? {
    guard let logits = node.input(0), let shape = graph.shape(of: logits), shape.count == 2,
      shape[0] <= Self.mostRows, shape[1] >= Self.leastColumns, graph.type(of: logits) == .float32,
      [-1, 1].contains(node.int("axis") ?? 0), node.int("keepdims") == 0, node.int("select_last_index") ?? 0 == 0
    else { return nil }
    var (value, addend) = (logits, ValueID?.none)
    if let sum = graph.making(value, "Add"),
      let (found, other) = graph.operands(sum, { isAddend($0, shape[1], graph) ? $0 : nil })
    {
      (value, addend) = (other, found)
    }
    if let gemm = graph.making(value, "Gemm") {
      guard gemm.int("transA") ?? 0 == 0, gemm.float("alpha") ?? 1 == 1, gemm.float("beta") ?? 1 == 1 else {
        return nil
      }
      if let own = gemm.input(2) {
        guard addend == nil, isAddend(own, shape[1], graph) else { return nil }
        addend = own
      }
      return inputs(of: gemm, addend, isTransposed: gemm.int("transB") ?? 0 != 0, graph)
    }
    return graph.making(value, "MatMul").flatMap { inputs(of: $0, addend, isTransposed: false, graph) }
  }

  private func inputs(
    of node: CompilerNode, _ addend: ValueID?, isTransposed: Bool, _ graph: CompilerGraph
  ) -> (inputs: [ValueID?], isTransposed: Bool)? {
    // The sums of int8 products take so many depths.
    guard let left = node.input(0), let weights = node.input(1), graph[weights].constant != nil,
      let shape = graph.shape(of: weights), shape.count == 2, graph.shape(of: left)?.count == 2,
      (16...1 << 16).contains(shape[isTransposed ? 1 : 0])
    else { return nil }
    return ([left, weights] + (addend.map { [$0] } ?? []), isTransposed)
  }

  private func isAddend(_ value: ValueID, _ columns: Int, _ graph: CompilerGraph) -> Bool {
    graph[value].constant != nil && graph.shape(of: value) == [columns]
  }
}
