import ZooCore

/// Makes one LayerNormalization of the nine nodes that exporters write for it before opset 17.
func fuseLayerNormalization(_ pattern: inout PatternGraph, registry: OperatorRegistry) {
  guard registry.find(domain: "", name: "LayerNormalization", opset: 17) != nil else { return }
  for (index, entry) in pattern.graph.nodes.enumerated() {
    guard pattern.isOperator(entry.node, "Add"), let found = layerNormalization(endingIn: entry.node, pattern) else {
      continue
    }
    let node = Node(
      "LayerNormalization", name: entry.node.name, inputs: [found.input, found.scale, found.shift],
      outputs: entry.node.outputs,
      attributes: [Attribute("axis", .int(Int64(found.axis))), Attribute("epsilon", .float(found.epsilon))])
    pattern.replace(index, by: [WorkNode(node, opset: 17)])
  }
  pattern.rewrite()
}

private struct FoundNormalization {
  var input, scale, shift: String
  var axis: Int
  var epsilon: Float
}

/// (x - mean) / √(mean of (x - mean)² + ε) · scale + shift.
private func layerNormalization(endingIn sum: Node, _ pattern: PatternGraph) -> FoundNormalization? {
  guard let (product, shift) = pattern.operands(sum, { pattern.producer(of: $0, "Mul")?.node }),
    let (quotient, scale) = pattern.operands(product, { pattern.producer(of: $0, "Div")?.node }),
    quotient.inputs.count == 2, let centred = pattern.producer(of: quotient.inputs[0], "Sub")?.node,
    let root = pattern.producer(of: quotient.inputs[1], "Sqrt")?.node,
    let shifted = pattern.producer(of: root.inputs[0], "Add")?.node,
    let (epsilon, variance) = pattern.operands(shifted, pattern.scalar),
    let spread = mean(variance, pattern), isSquare(spread.input, of: quotient.inputs[0], pattern),
    centred.inputs.count == 2, let centre = mean(centred.inputs[1], pattern), centre.input == centred.inputs[0],
    spread.axes == centre.axes
  else { return nil }
  let input = centred.inputs[0]
  guard pattern.type(of: input) == .float32, let shape = pattern.shape(of: input), let axis = centre.axes.first,
    centre.axes == Array(axis..<shape.count), pattern.shape(of: sum.outputs[0]) == shape
  else { return nil }
  let width = shape[axis...].reduce(1, *)
  for vector in [scale, shift] {
    // As many numbers as are normalised together, not repeated and not one for each row.
    guard let own = pattern.shape(of: vector), own.reduce(1, *) == width,
      Array(own.drop { $0 == 1 }) == Array(shape[axis...].drop { $0 == 1 })
    else { return nil }
  }
  return FoundNormalization(input: input, scale: scale, shift: shift, axis: axis, epsilon: epsilon)
}

/// What a ReduceMean that keeps dimensions averages, and over which axes, in order.
private func mean(_ value: String, _ pattern: PatternGraph) -> (input: String, axes: [Int])? {
  guard let node = pattern.producer(of: value, "ReduceMean")?.node, let rank = pattern.shape(of: node.inputs[0])?.count
  else { return nil }
  if case .int(0) = node[attribute: "keepdims"] { return nil }
  var axes: [Int]?
  if case .ints(let given) = node[attribute: "axes"] { axes = given.map { Int(clamping: $0) } }
  if node.inputs.count > 1 { axes = pattern.integers(node.inputs[1]) }
  guard let axes else { return nil }
  return (node.inputs[0], axes.map { $0 < 0 ? $0 + rank : $0 }.sorted())
}

private func isSquare(_ value: String, of base: String, _ pattern: PatternGraph) -> Bool {
  if let power = pattern.producer(of: value, "Pow")?.node {
    return power.inputs[0] == base && pattern.scalar(power.inputs[1]) == 2
  }
  return pattern.producer(of: value, "Mul")?.node.inputs == [base, base]
}
