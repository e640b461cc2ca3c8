import ZooCompiler
import ZooCore

extension FusePatterns {
  /// One Gelu, Swish, Mish, HardSwish or HardSigmoid of what exporters multiply for it, in whatever order.
  func activation(_ node: CompilerNode, _ graph: CompilerGraph) -> CompilerNode? {
    guard let output = node.outputs[0], graph.type(of: output) == .float32 else { return nil }
    let (number, factors) = graph.product(output)
    if factors.count == 1, let ramp = graph.ramp(factors[0], number) {
      return node.replaced(
        by: "HardSigmoid", opset: 6, [ramp.input],
        [Attribute("alpha", .float(ramp.alpha)), Attribute("beta", .float(ramp.beta))])
    }
    guard factors.count == 2 else { return nil }
    for (input, gate) in [(factors[0], factors[1]), (factors[1], factors[0])] {
      if isClose(number, 0.5), let curve = graph.geluCurve(gate, of: input) {
        return node.replaced(by: "Gelu", opset: 20, [input], [.text("approximate", curve)])
      }
      if number == 1, let curve = graph.making(gate, "Tanh"),
        graph.making(curve.input(0), "Softplus")?.input(0) == input
      {
        return node.replaced(by: "Mish", opset: 18, [input])
      }
      if number == 1, let argument = graph.making(gate, "Sigmoid")?.input(0) {
        let (base, factor) = graph.unscaled(argument)
        if base == input { return node.replaced(by: "Swish", opset: 24, [input], [Attribute("alpha", .float(factor))]) }
      }
      if let ramp = graph.ramp(gate, number), ramp.input == input, isClose(ramp.alpha, 1 / 6), isClose(ramp.beta, 0.5) {
        return node.replaced(by: "HardSwish", opset: 14, [input])
      }
    }
    return nil
  }
}

extension CompilerGraph {
  /// By what Gelu (Hendrycks and Gimpel 2016) is computed, as the operator says it, where `value` is 1 + erf(x / √2), or that
  /// with tanh.
  fileprivate func geluCurve(_ value: ValueID, of input: ValueID) -> String? {
    guard let sum = making(value, "Add"), let (one, function) = operands(sum, scalar), one == 1 else { return nil }
    if let argument = making(function, "Erf")?.input(0) {
      let (base, factor) = unscaled(argument)
      if base == input, isClose(factor, 0.70710678) { return "none" }
    }
    guard let argument = making(function, "Tanh")?.input(0), isTanhArgument(argument, of: input) else { return nil }
    return "tanh"
  }

  /// √(2/π) · (x + 0.044715 x³).
  private func isTanhArgument(_ value: ValueID, of input: ValueID) -> Bool {
    let (base, factor) = unscaled(value)
    guard isClose(factor, 0.79788456), let sum = making(base, "Add"),
      let (_, cube) = operands(sum, { $0 == input ? $0 : nil })
    else { return false }
    let (number, factors) = product(cube)
    guard isClose(number, 0.044715) else { return false }
    if factors == [input, input, input] { return true }
    guard factors.count == 1, let power = making(factors[0], "Pow") else { return false }
    return power.input(0) == input && scalar(power.input(1)) == 3
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
