import ZooCore

/// Activations by their definitions.
let activationDecompositions: [Adapter] = [
  Adapter("Gelu", at: 20, down: gelu),
  Adapter(
    "HardSwish", at: 14,
    down: { node, bench in
      var writer = NodeWriter(node, bench)
      let gate = writer.node(
        "HardSigmoid", [node.input(0)], [Attribute("alpha", .float(1 / 6)), Attribute("beta", .float(0.5))])
      writer.node("Mul", [node.input(0), gate], to: node.output(0))
      return writer.nodes
    }),
  Adapter(
    "Mish", at: 18,
    down: { node, bench in
      var writer = NodeWriter(node, bench)
      let gate = writer.node("Tanh", [writer.node("Softplus", [node.input(0)])])
      writer.node("Mul", [node.input(0), gate], to: node.output(0))
      return writer.nodes
    }),
  Adapter(
    "Swish", at: 24,
    down: { node, bench in
      var writer = NodeWriter(node, bench)
      let alpha = node.float("alpha") ?? 1
      let scaled =
        alpha == 1
        ? node.input(0)
        : writer.node(
          "Mul", [node.input(0), try writer.scalar(Double(alpha), try writer.type(node.input(0)), "alpha")])
      writer.node("Mul", [node.input(0), writer.node("Sigmoid", [scaled])], to: node.output(0))
      return writer.nodes
    }),
  Adapter(
    "SwiGLU", at: 28,
    down: { node, bench in
      var writer = NodeWriter(node, bench)
      let gate = writer.node("Swish", [node.input(0)], node.attributes)
      writer.node("Mul", [gate, node.input(1)], to: node.output(0))
      return writer.nodes
    }),
  Adapter(
    "Celu", at: 12,
    down: { node, bench in
      var writer = NodeWriter(node, bench)
      let alpha = try writer.scalar(Double(node.float("alpha") ?? 1), try writer.type(node.input(0)), "alpha")
      let value = writer.node("Elu", [writer.node("Div", [node.input(0), alpha])], [Attribute("alpha", .float(1))])
      writer.node("Mul", [value, alpha], to: node.output(0))
      return writer.nodes
    }),
  Adapter(
    "ThresholdedRelu", at: 10,
    down: { node, bench in
      var writer = NodeWriter(node, bench)
      let type = try writer.type(node.input(0))
      let isAbove = writer.node(
        "Greater", [node.input(0), try writer.scalar(Double(node.float("alpha") ?? 1), type, "alpha")])
      writer.node("Where", [isAbove, node.input(0), try writer.scalar(0, type, "zero")], to: node.output(0))
      return writer.nodes
    }),
]

/// Gelu (Hendrycks and Gimpel 2016), exact or by way of the hyperbolic tangent.
@Sendable private func gelu(_ node: Node, _ bench: Workbench) throws -> [Node] {
  let x = node.input(0)
  var writer = NodeWriter(node, bench)
  let type = try writer.type(x)
  let inner: String
  switch node.text("approximate") ?? "none" {
  case "none":
    let scaled = writer.node("Mul", [x, try writer.scalar((0.5 as Double).squareRoot(), type, "root")])
    inner = writer.node("Erf", [scaled])
  case "tanh":
    let cube = writer.node("Mul", [x, writer.node("Mul", [x, x])])
    let small = writer.node("Mul", [cube, try writer.scalar(0.044715, type, "coefficient")])
    let sum = writer.node("Add", [x, small])
    let scaled = writer.node("Mul", [sum, try writer.scalar((2 / Double.pi).squareRoot(), type, "root")])
    inner = writer.node("Tanh", [scaled])
  case let other: throw Refusal("the approximation \(other) is not known")
  }
  let gate = writer.node("Add", [inner, try writer.scalar(1, type, "one")])
  let half = writer.node("Mul", [x, try writer.scalar(0.5, type, "half")])
  writer.node("Mul", [half, gate], to: node.output(0))
  return writer.nodes
}
