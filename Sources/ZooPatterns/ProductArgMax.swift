import ZooCompiler
import ZooCore

extension FusePatterns {
  /// Below, weights stay in the caches; with more rows, multiplying takes longer than reading.
  private static let (leastColumns, mostRows) = (8192, 16)

  /// One ProductArgMax of the ArgMax over a Gemm's rows with constant weights, which is how text is generated greedily, where
  /// the product waits for its weights: few rows, many columns.
  func productArgMax(_ node: CompilerNode, _ graph: CompilerGraph) -> CompilerNode? {
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
      return node.argMax(of: gemm, addend, isTransposed: gemm.int("transB") ?? 0 != 0, graph)
    }
    return graph.making(value, "MatMul").flatMap { node.argMax(of: $0, addend, isTransposed: false, graph) }
  }

  private func isAddend(_ value: ValueID, _ columns: Int, _ graph: CompilerGraph) -> Bool {
    graph[value].constant != nil && graph.shape(of: value) == [columns]
  }
}

extension CompilerNode {
  fileprivate func argMax(
    of product: CompilerNode, _ addend: ValueID?, isTransposed: Bool, _ graph: CompilerGraph
  ) -> CompilerNode? {
    // The sums of int8 products take so many depths.
    guard let left = product.input(0), let weights = product.input(1), graph[weights].constant != nil,
      let shape = graph.shape(of: weights), shape.count == 2, graph.shape(of: left)?.count == 2,
      (16...1 << 16).contains(shape[isTransposed ? 1 : 0])
    else { return nil }
    return replaced(
      by: "ProductArgMax", domain: internalDomain, opset: 1, [left, weights] + (addend.map { [$0] } ?? []),
      [Attribute("transB", .int(isTransposed ? 1 : 0))])
  }
}
