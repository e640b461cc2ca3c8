import ZooCore

extension ModelDefinition {
  /// The same model with a row for each query in every mask of an Attention.
  ///
  /// ONNX lets a mask of one row count for all queries; ONNX Runtime (1.32) runs only masks that have all rows, and two
  /// dimensions or more. Masks of which it is not known that they have one row stay as they are.
  package func expandingAttentionMasks() throws -> ModelDefinition {
    guard let version = version(ofDomain: ""), Self.writableOperatorSets.contains(version) else { return self }
    var model = withInternalNames
    let library = FunctionLibrary(model.functions, target: version)
    let bench = Workbench(names: model.allNames)
    var conversion = GraphConversion(target: version, bench: bench, functions: library, refinement: withAllRows)
    model.graph = try conversion.convert(model.graph, from: version)
    model.graph.initializers += bench.constants
    return model.withFileNames
  }
}

@Sendable private func withAllRows(_ node: Node, _ bench: Workbench) throws -> [Node] {
  let (query, mask) = (node.input(0), node.input(3))
  guard node.operatorType == "Attention", isDefault(node.domain), let rows = bench.shape(mask)?.dropLast(),
    rows.last == 1 || rows.isEmpty && bench.rank(mask) == 1, let rank = bench.rank(query), rank == 3 || rank == 4
  else { return [node] }
  var writer = NodeWriter(node, bench)
  // (batch, length, heads · size) or (batch, heads, length, size).
  let length = writer.node("Shape", [query], [.number("start", rank - 2), .number("end", rank - 1)])
  let shape = writer.node("Concat", [length, try writer.integers([1], "one")], [.number("axis", 0)])
  var new = node
  new.inputs[3] = writer.node("Expand", [mask, shape])
  return writer.nodes + [new]
}
