import ZooCore

/// Makes one Gelu (Hendrycks and Gimpel 2016) of the nodes that exporters write for it before opset 20, in whatever
/// order they multiply: 0.5 · x · (1 + erf(x / √2)), or with tanh.
package struct FuseGelu: PatternPass {
  package let name = "fusing Gelu"
  let lastOperators = ["Mul", "Div"]
  let replacement = (domain: "", operatorType: "Gelu", opset: Int64(20))

  package init() {}

  func rewrite(_ id: NodeID, _ node: CompilerNode, _ graph: inout CompilerGraph) {
    guard let output = node.outputs[0], graph.type(of: output) == .float32, let found = gelu(output, graph) else {
      return
    }
    graph.replace(
      id,
      by: [
        CompilerNode(
          "Gelu", opset: replacement.opset, name: node.name, inputs: [found.input], outputs: [output],
          attributes: [.text("approximate", found.isApproximate ? "tanh" : "none")])
      ])
  }

  private func gelu(_ value: ValueID, _ graph: CompilerGraph) -> (input: ValueID, isApproximate: Bool)? {
    let (number, factors) = graph.product(value)
    guard factors.count == 2, isClose(number, 0.5) else { return nil }
    for (input, curve) in [(factors[0], factors[1]), (factors[1], factors[0])] {
      guard let sum = graph.making(curve, "Add"), let (one, function) = graph.operands(sum, graph.scalar), one == 1
      else { continue }
      if let erf = graph.making(function, "Erf"), let argument = erf.input(0) {
        let (base, factor) = graph.unscaled(argument)
        if base == input, isClose(factor, 0.70710678) { return (input, false) }
      }
      if let tanh = graph.making(function, "Tanh"), let argument = tanh.input(0),
        isTanhArgument(argument, of: input, graph)
      {
        return (input, true)
      }
    }
    return nil
  }

  /// √(2/π) · (x + 0.044715 x³).
  private func isTanhArgument(_ value: ValueID, of input: ValueID, _ graph: CompilerGraph) -> Bool {
    let (base, factor) = graph.unscaled(value)
    guard isClose(factor, 0.79788456), let sum = graph.making(base, "Add"),
      let (_, cube) = graph.operands(sum, { $0 == input ? $0 : nil })
    else { return false }
    let (number, factors) = graph.product(cube)
    guard isClose(number, 0.044715) else { return false }
    if factors == [input, input, input] { return true }
    guard factors.count == 1, let power = graph.making(factors[0], "Pow") else { return false }
    return power.input(0) == input && graph.scalar(power.input(1)) == 3
  }
}
