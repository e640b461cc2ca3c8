import ZooCompiler
import ZooCore

extension FusePatterns {
  /// A ScatterND or a Gather of rows, of a ScatterElements or GatherElements along axis 0 whose indices are the same all
  /// along each row, as networks over graphs have them.
  func rows(_ node: CompilerNode, _ graph: inout CompilerGraph) -> [CompilerNode]? {
    guard node.int("axis") ?? 0 == 0, let data = node.input(0), let expand = graph.making(node.input(1), "Expand"),
      let index = expand.input(0), graph.type(of: index) == .int64, let shape = graph.shape(of: data), shape.count > 1,
      let own = graph.shape(of: index), let expanded = graph.shape(of: expand.outputs[0]),
      own.count == shape.count, expanded == [own[0]] + shape.dropFirst(), own.dropFirst().allSatisfy({ $0 == 1 })
    else { return nil }
    var nodes: [CompilerNode] = []
    let isScatter = node.isOperator("ScatterElements")
    guard let rows = try? graph.reshaped(index, to: isScatter ? [own[0], 1] : [own[0]], &nodes) else { return nil }
    guard isScatter else { return nodes + [node.replaced(by: "Gather", opset: 13, [data, rows])] }
    guard let updates = node.input(2) else { return nil }
    // Reductions are those of the same operator set.
    let reduction = node.attributes.filter { $0.name == "reduction" }
    return nodes + [node.replaced(by: "ScatterND", opset: node.opset, [data, rows, updates], reduction)]
  }
}
