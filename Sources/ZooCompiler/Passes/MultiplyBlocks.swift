import WeightBlocks
import ZooCore
import ZooOperators

/// Has products by weights in GGUF's blocks computed on the blocks: Gemm and MatMul by what a DequantizeBlocks stands for, the
/// matrix or its transposed.
package struct MultiplyBlocks: Pass {
  package let name = "multiplying blocks"
  private static let operatorType = "BlockMatMul"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    guard context.provider.offers(Self.operatorType, domain: internalDomain, opset: 1) else { return }
    for id in Array(graph.nodes) where !graph.isRemoved(id) {
      let node = graph[id]
      guard node.epilogue.isEmpty, let isTransposed = transposesFactor(node), let a = node.inputs[0],
        let b = node.inputs[1], let factor = graph[b].constant,
        let (bytes, type) = isTransposed ? factor.blocks : factor.columnBlocks, type.hasProducts,
        bytes.shape.count == 2, graph[a].facts.shape.map({ $0.count >= 2 }) ?? false, let output = node.outputs[0]
      else { continue }
      let blocks = graph.addConstant(bytes, name: graph[b].name)
      var nodes: [CompilerNode] = []
      var product = output
      if let addend = node.input(2) {
        product = graph.addValue(
          ValueFacts(.tensor(.float32), shape: graph[output].facts.shape), name: "\(graph[output].name)/product")
        nodes.append(CompilerNode("Add", opset: 14, name: node.name, inputs: [product, addend], outputs: [output]))
      }
      let multiplication = CompilerNode(
        Self.operatorType, domain: internalDomain, opset: 1, name: node.name, inputs: [a, blocks], outputs: [product],
        attributes: [Attribute("type", .int(Int64(type.rawValue)))])
      graph.replace(id, by: [multiplication] + nodes)
    }
  }

  /// Whether it is A · Bᵀ + C, or A · B + C; `nil` for any other node.
  private func transposesFactor(_ node: CompilerNode) -> Bool? {
    if node.isOperator("MatMul") { return false }
    guard node.isOperator("Gemm"), node.int("transA") ?? 0 == 0, node.float("alpha") ?? 1 == 1,
      node.float("beta") ?? 1 == 1, node.opset >= 7
    else { return nil }
    return node.int("transB") ?? 0 == 1
  }
}
