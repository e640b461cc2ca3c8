import ZooCore
import ZooOperators
import ZooNumbers

/// Has products of dequantized matrices computed on the integers: MatMul, and Gemm with weights, behind DequantizeLinear. Sums
/// are exact; what follows is folded onto their end.
package struct QuantizeMatrixProducts: Pass {
  package let name = "multiplying bytes"
  private static let operatorType = "QuantizedMatMul"
  /// Longer sums may pass 2³¹.
  private static let mostDepth = 1 << 15

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    guard context.provider.offers(Self.operatorType, domain: internalDomain, opset: 1) else { return }
    for id in Array(graph.nodes) where !graph.isRemoved(id) {
      let node = graph[id]
      guard node.epilogue.isEmpty, node.isOperator("MatMul") || isPlainGemm(node, graph),
        let a = graph.dequantization(of: node.inputs[0]), let shape = graph.shape(of: a.bytes), shape.count >= 2,
        shape[shape.count - 1] <= Self.mostDepth, let output = node.outputs[0]
      else { continue }
      let isTransposed = node.int("transB") ?? 0 != 0
      guard let b = try matrix(node.inputs[1], of: node, isTransposed, &graph, context) else { continue }
      replace(id, node, a, b, isTransposed, output, &graph)
    }
  }

  private func replace(
    _ id: NodeID, _ node: CompilerNode, _ a: Dequantization, _ b: Dequantization, _ isTransposed: Bool,
    _ output: ValueID, _ graph: inout CompilerGraph
  ) {
    let addend = node.operatorType == "Gemm" ? node.input(2) : nil
    var nodes: [CompilerNode] = []
    var sum = output
    if let addend {
      sum = graph.addValue(
        ValueFacts(.tensor(.float32), shape: graph[output].facts.shape), name: "\(graph[output].name)/product")
      nodes.append(CompilerNode("Add", opset: 14, name: node.name, inputs: [sum, addend], outputs: [output]))
    }
    let product = CompilerNode(
      Self.operatorType, domain: internalDomain, opset: 1, name: node.name,
      inputs: [a.bytes, b.bytes, a.scale, a.zero, b.scale, b.zero], outputs: [sum],
      attributes: isTransposed ? [Attribute("transB", .int(1))] : [])
    graph.replace(id, by: [product] + nodes)
  }

  /// Whether it is A · B + C, with weights.
  private func isPlainGemm(_ node: CompilerNode, _ graph: CompilerGraph) -> Bool {
    node.isOperator("Gemm") && node.int("transA") ?? 0 == 0 && node.float("alpha") ?? 1 == 1
      && node.float("beta") ?? 1 == 1 && node.opset >= 7 && node.input(1).map { graph[$0].constant != nil } == true
  }

  /// The right-hand matrix: dequantized weights with a scale for all or for each column, or what a run dequantizes.
  private func matrix(
    _ value: ValueID?, of node: CompilerNode, _ isTransposed: Bool, _ graph: inout CompilerGraph,
    _ context: CompileContext
  ) throws -> Dequantization? {
    guard let value, let shape = graph.shape(of: value), shape.count >= 2 else { return nil }
    guard let stored = graph[value].constant?.quantized else { return graph.dequantization(of: value) }
    let (quantization, numbers) = (stored.quantization, stored.numbers)
    let axis = shape.count - (isTransposed ? 2 : 1)
    guard numbers.type == .int8 || numbers.type == .uint8, quantization.blockSize == 0,
      quantization.scales.count == 1 || shape.count == 2 && quantization.axis == axis
    else { return nil }
    let scales = try Tensor(quantization.scales, shape: [quantization.scales.count])
    let points =
      quantization.zeroPoints.isEmpty
      ? [Float](repeating: 0, count: quantization.scales.count) : quantization.zeroPoints
    let zeros =
      numbers.type == .int8
      ? try Tensor(points.map { Int8($0) }, shape: [points.count])
      : try Tensor(points.map { UInt8($0) }, shape: [points.count])
    let made = graph.addDerived(
      ["bytes": numbers, "scales": StoredTensor(scales), "zeros": StoredTensor(zeros)], by: node, of: [value], context)
    return Dequantization(bytes: made[0], scale: made[1], zero: made[2])
  }
}
