import ZooCore

/// Makes one LayerNormalization of the nine nodes that exporters write for it before opset 17:
/// (x - mean) / √(mean of (x - mean)² + ε) · scale + shift.
package struct FuseLayerNormalization: PatternPass {
  package let name = "fusing LayerNormalization"
  let lastOperators = ["Add"]
  let replacement = (domain: "", operatorType: "LayerNormalization", opset: Int64(17))

  package init() {}

  func rewrite(_ id: NodeID, _ node: CompilerNode, _ graph: inout CompilerGraph) {
    guard let found = layerNormalization(endingIn: node, graph) else { return }
    graph.replace(
      id,
      by: [
        CompilerNode(
          "LayerNormalization", opset: replacement.opset, name: node.name,
          inputs: [found.input, found.scale, found.shift], outputs: node.outputs,
          attributes: [Attribute("axis", .int(Int64(found.axis))), Attribute("epsilon", .float(found.epsilon))])
      ])
  }

  private struct Found {
    var input, scale, shift: ValueID
    var axis: Int
    var epsilon: Float
  }

  private func layerNormalization(endingIn sum: CompilerNode, _ graph: CompilerGraph) -> Found? {
    guard let (product, shift) = graph.operands(sum, { graph.making($0, "Mul") }),
      let (quotient, scale) = graph.operands(product, { graph.making($0, "Div") }),
      quotient.inputs.count == 2, let centred = graph.making(quotient.inputs[0], "Sub"),
      let root = graph.making(quotient.inputs[1], "Sqrt"), let shifted = graph.making(root.input(0), "Add"),
      let (epsilon, variance) = graph.operands(shifted, graph.scalar), let spread = mean(variance, graph),
      isSquare(spread.input, of: quotient.inputs[0], graph), centred.inputs.count == 2,
      let centre = mean(centred.inputs[1], graph), centre.input == centred.inputs[0], spread.axes == centre.axes
    else { return nil }
    let input = centre.input
    guard graph.type(of: input) == .float32, let shape = graph.shape(of: input), let axis = centre.axes.first,
      centre.axes == Array(axis..<shape.count), graph.shape(of: sum.outputs[0]) == shape
    else { return nil }
    let width = shape[axis...].reduce(1, *)
    for vector in [scale, shift] {
      // As many numbers as are normalised together, not repeated and not one for each row.
      guard let own = graph.shape(of: vector), own.reduce(1, *) == width,
        Array(own.drop { $0 == 1 }) == Array(shape[axis...].drop { $0 == 1 })
      else { return nil }
    }
    return Found(input: input, scale: scale, shift: shift, axis: axis, epsilon: epsilon)
  }

  /// What a ReduceMean that keeps dimensions averages, and over which axes, in order.
  private func mean(_ value: ValueID?, _ graph: CompilerGraph) -> (input: ValueID, axes: [Int])? {
    guard let node = graph.making(value, "ReduceMean"), let input = node.input(0),
      let rank = graph.shape(of: input)?.count, node.int("keepdims") != 0,
      let axes = node.inputs.count > 1 ? graph.integers(node.inputs[1]) : node.ints("axes")
    else { return nil }
    return (input, axes.map { $0 < 0 ? $0 + rank : $0 }.sorted())
  }

  private func isSquare(_ value: ValueID, of base: ValueID?, _ graph: CompilerGraph) -> Bool {
    if let power = graph.making(value, "Pow") { return power.input(0) == base && graph.scalar(power.input(1)) == 2 }
    return graph.making(value, "Mul")?.inputs == [base, base]
  }
}
