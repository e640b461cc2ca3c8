import ZooCompiler
import ZooCore

/// Puts one operator, or one for each output, if a plugin offers it, in the place of what exporters write as several nodes. A pattern that does not
/// fit is left alone.
package struct FusePatterns: Pass {
  package let name = "fusing patterns"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    var hasChanged = false
    for id in Array(graph.nodes) where !graph.isRemoved(id) {
      let node = graph[id]
      guard node.domain.isEmpty, node.epilogue.isEmpty, let whole = whole(endingIn: node, &graph, context),
        whole.allSatisfy({ context.provider.offers($0.operatorType, domain: $0.domain, opset: $0.opset) })
      else { continue }
      graph.replace(id, by: whole)
      hasChanged = true
    }
    if hasChanged { graph.removeDeadCode() }
  }

  /// What gives the same as `node` and those before it.
  private func whole(endingIn node: CompilerNode, _ graph: inout CompilerGraph, _ context: CompileContext)
    -> [CompilerNode]?
  {
    switch node.operatorType {
    case "Mul", "Div": activation(node, graph).map { [$0] }
    case "Add": (layerNormalization(node, graph) ?? groupNormalization(node, &graph)).map { [$0] }
    case "Attention": cachedAttention(node, graph).map { [$0] }
    case "ConvTranspose": transposedConvolution(node, &graph, context)
    case "Conv": paddedConvolution(node, &graph)
    case "Einsum": einsumProduct(node, &graph)
    case "MaxPool": separateMaxima(node, &graph)
    case "ArgMax": productArgMax(node, graph).map { [$0] }
    case "DequantizeLinear": quantizeDequantize(node, graph).map { [$0] }
    case "ScatterElements", "GatherElements": rows(node, &graph)
    case "Reshape", "Gather", "Slice", "Split": selections(node, graph)
    default: earlierActivation(node, &graph)
    }
  }
}
