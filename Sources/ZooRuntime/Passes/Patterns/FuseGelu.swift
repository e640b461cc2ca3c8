import ZooCore

/// Makes one Gelu (Hendrycks and Gimpel 2016) of the nodes that exporters write for it before opset 20, in whatever
/// order they multiply: 0.5 · x · (1 + erf(x / √2)), or with tanh.
func fuseGelu(_ pattern: inout PatternGraph, registry: OperatorRegistry) {
  guard registry.find(domain: "", name: "Gelu", opset: 20) != nil else { return }
  for (index, entry) in pattern.graph.nodes.enumerated() {
    guard pattern.isOperator(entry.node, "Mul"), let output = entry.node.outputs.first,
      pattern.type(of: output) == .float32, let found = gelu(output, pattern)
    else { continue }
    let node = Node(
      "Gelu", name: entry.node.name, inputs: [found.input], outputs: [output],
      attributes: [.text("approximate", found.isApproximate ? "tanh" : "none")])
    pattern.replace(index, by: [WorkNode(node, opset: 20)])
  }
  pattern.rewrite()
}

private func gelu(_ value: String, _ pattern: PatternGraph) -> (input: String, isApproximate: Bool)? {
  let (number, factors) = product(value, pattern)
  guard factors.count == 2, isClose(number, 0.5) else { return nil }
  for (input, curve) in [(factors[0], factors[1]), (factors[1], factors[0])] {
    guard let sum = pattern.producer(of: curve, "Add")?.node,
      let (one, function) = pattern.operands(sum, pattern.scalar), one == 1
    else { continue }
    if let erf = pattern.producer(of: function, "Erf")?.node {
      let (base, factor) = pattern.unscaled(erf.inputs[0])
      if base == input, isClose(factor, 0.70710678) { return (input, false) }
    }
    if let tanh = pattern.producer(of: function, "Tanh")?.node, isTanhArgument(tanh.inputs[0], of: input, pattern) {
      return (input, true)
    }
  }
  return nil
}

/// √(2/π) · (x + 0.044715 x³).
private func isTanhArgument(_ value: String, of input: String, _ pattern: PatternGraph) -> Bool {
  let (base, factor) = pattern.unscaled(value)
  guard isClose(factor, 0.79788456), let sum = pattern.producer(of: base, "Add")?.node, sum.inputs.count == 2 else {
    return false
  }
  let cube = sum.inputs[0] == input ? sum.inputs[1] : sum.inputs[0]
  guard sum.inputs.contains(input) else { return false }
  let (number, factors) = product(cube, pattern)
  guard isClose(number, 0.044715) else { return false }
  if factors == [input, input, input] { return true }
  guard factors.count == 1, let power = pattern.producer(of: factors[0], "Pow")?.node else { return false }
  return power.inputs[0] == input && pattern.scalar(power.inputs[1]) == 3
}

/// A product of many as its numbers, multiplied, and its other factors.
private func product(_ value: String, _ pattern: PatternGraph, depth: Int = 4) -> (number: Float, factors: [String]) {
  let (base, number) = pattern.unscaled(value)
  guard depth > 0, let node = pattern.producer(of: base, "Mul")?.node, node.inputs.count == 2,
    node.inputs.allSatisfy({ pattern.shape(of: $0) == pattern.shape(of: base) })
  else { return (number, [base]) }
  let (left, right) = (
    product(node.inputs[0], pattern, depth: depth - 1), product(node.inputs[1], pattern, depth: depth - 1)
  )
  return (number * left.number * right.number, left.factors + right.factors)
}

/// Whether two constants are the same but for the digits that an exporter wrote.
private func isClose(_ number: Float, _ wanted: Float) -> Bool { (number - wanted).magnitude <= 1e-5 * wanted }
