import ZooCompiler
import ZooCore

extension FusePatterns {
  /// One LayerNormalization of the nine nodes that exporters write for it before opset 17:
  /// (x - mean) / √(mean of (x - mean)² + ε) · scale + shift.
  func layerNormalization(_ sum: CompilerNode, _ graph: CompilerGraph) -> CompilerNode? {
    guard let (product, shift) = graph.operands(sum, { graph.making($0, "Mul") }),
      let (quotient, scale) = graph.operands(product, { graph.making($0, "Div") }),
      quotient.inputs.count == 2, let centred = graph.making(quotient.inputs[0], "Sub"),
      let root = graph.making(quotient.inputs[1], "Sqrt"), let shifted = graph.making(root.input(0), "Add"),
      let (epsilon, variance) = graph.operands(shifted, graph.scalar), let spread = graph.mean(variance),
      graph.isSquare(spread.input, of: quotient.inputs[0]), centred.inputs.count == 2,
      let centre = graph.mean(centred.inputs[1]), centre.input == centred.inputs[0], spread.axes == centre.axes
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
    return sum.replaced(
      by: "LayerNormalization", opset: 17, [input, scale, shift],
      [Attribute("axis", .int(Int64(axis))), Attribute("epsilon", .float(epsilon))])
  }
}

extension CompilerGraph {
  /// What a ReduceMean that keeps dimensions averages, and over which axes, in order.
  fileprivate func mean(_ value: ValueID?) -> (input: ValueID, axes: [Int])? {
    guard let node = making(value, "ReduceMean"), let input = node.input(0),
      let rank = shape(of: input)?.count, node.int("keepdims") != 0,
      let axes = node.inputs.count > 1 ? integers(node.inputs[1]) : node.ints("axes")
    else { return nil }
    return (input, axes.map { $0 < 0 ? $0 + rank : $0 }.sorted())
  }

  fileprivate func isSquare(_ value: ValueID, of base: ValueID?) -> Bool {
    if let power = making(value, "Pow") { return power.input(0) == base && scalar(power.input(1)) == 2 }
    return making(value, "Mul")?.inputs == [base, base]
  }
}
