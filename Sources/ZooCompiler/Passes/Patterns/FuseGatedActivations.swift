import ZooCore

/// Makes one Swish (Ramachandran et al. 2017) of x · sigmoid(α x).
package struct FuseSwish: PatternPass {
  package let name = "fusing Swish"
  let lastOperators = ["Mul"]
  let replacement = (domain: "", operatorType: "Swish", opset: Int64(24))

  func rewrite(_ id: NodeID, _ node: CompilerNode, _ graph: inout CompilerGraph) {
    guard let output = node.outputs[0], let (input, number, gate) = graph.gated(output), number == 1,
      let argument = graph.making(gate, "Sigmoid")?.input(0)
    else { return }
    let (base, factor) = graph.unscaled(argument)
    guard base == input else { return }
    graph.replace(id, by: [activation(node, of: input, [Attribute("alpha", .float(factor))])])
  }
}

/// Makes one HardSwish (Howard et al. 2019) of x · HardSigmoid(x), or of x · clip(x + 3, 0, 6) / 6 in any order.
package struct FuseHardSwish: PatternPass {
  package let name = "fusing HardSwish"
  let lastOperators = ["Mul", "Div"]
  let replacement = (domain: "", operatorType: "HardSwish", opset: Int64(14))

  func rewrite(_ id: NodeID, _ node: CompilerNode, _ graph: inout CompilerGraph) {
    guard let output = node.outputs[0], let (input, number, gate) = graph.gated(output),
      let ramp = graph.ramp(gate, number), ramp.input == input, isClose(ramp.alpha, 1 / 6), isClose(ramp.beta, 0.5)
    else { return }
    graph.replace(id, by: [activation(node, of: input, [])])
  }
}

/// Makes one HardSigmoid of clip(x + 3, 0, 6) / 6 and its like.
package struct FuseHardSigmoid: PatternPass {
  package let name = "fusing HardSigmoid"
  let lastOperators = ["Mul", "Div"]
  let replacement = (domain: "", operatorType: "HardSigmoid", opset: Int64(6))

  func rewrite(_ id: NodeID, _ node: CompilerNode, _ graph: inout CompilerGraph) {
    guard let output = node.outputs[0], graph.type(of: output) == .float32 else { return }
    let (gate, number) = graph.unscaled(output)
    guard let ramp = graph.ramp(gate, number) else { return }
    graph.replace(
      id,
      by: [
        activation(
          node, of: ramp.input, [Attribute("alpha", .float(ramp.alpha)), Attribute("beta", .float(ramp.beta))])
      ])
  }
}

extension PatternPass {
  fileprivate func activation(
    _ node: CompilerNode, of input: ValueID, _ attributes: [Attribute]
  ) -> CompilerNode {
    CompilerNode(
      replacement.operatorType, opset: replacement.opset, name: node.name, inputs: [input], outputs: node.outputs,
      attributes: attributes)
  }
}

extension CompilerGraph {
  /// The factors of number · x · gate(x), of float32.
  fileprivate func gated(_ value: ValueID) -> (input: ValueID, number: Float, gate: ValueID)? {
    let (number, factors) = product(value)
    guard factors.count == 2, type(of: value) == .float32 else { return nil }
    let gates = ["Sigmoid", "HardSigmoid", "Clip"]
    let isGate = factors.map { self[$0].producer.map { gates.contains(self[$0].operatorType) } ?? false }
    guard let gate = isGate.lastIndex(of: true) else { return nil }
    return (factors[1 - gate], number, factors[gate])
  }

  /// `number` times a HardSigmoid or a Clip that begins at 0, where that is a HardSigmoid: clip(α x + β, 0, 1).
  fileprivate func ramp(_ value: ValueID, _ number: Float) -> (input: ValueID, alpha: Float, beta: Float)? {
    if let gate = making(value, "HardSigmoid"), let input = gate.input(0), number == 1 {
      return (input, gate.float("alpha") ?? 0.2, gate.float("beta") ?? 0.5)
    }
    guard let clip = making(value, "Clip"), let sum = making(clip.input(0), "Add"),
      let (shift, input) = operands(sum, scalar), shape(of: input) == shape(of: value),
      (scalar(clip.input(1)) ?? clip.float("min")) == 0, let top = scalar(clip.input(2)) ?? clip.float("max"),
      isClose(number * top, 1)
    else { return nil }
    return (input, number, number * shift)
  }
}
