import ZooCore

/// DynamicQuantizeLinear by its definition, in which QuantizeLinear with a scale of 1 rounds the zero point.
let quantizationDecompositions: [Adapter] = [
  Adapter(
    "DynamicQuantizeLinear", at: 11,
    down: { node, bench in
      var writer = NodeWriter(node, bench)
      let zero = try writer.scalar(0, .float32, "zero")
      let none: [Attribute] = [.number("keepdims", 0)]
      let least = writer.node("Min", [writer.node("ReduceMin", [node.input(0)], none), zero])
      let greatest = writer.node("Max", [writer.node("ReduceMax", [node.input(0)], none), zero])
      let scale = writer.node(
        "Div", [writer.node("Sub", [greatest, least]), try writer.scalar(255, .float32, "steps")], to: named(node, 1))
      let place = writer.node("Sub", [zero, writer.node("Div", [least, scale])])
      let point = writer.node(
        "QuantizeLinear", [place, try writer.scalar(1, .float32, "one"), try writer.scalar(0, .uint8, "none")],
        to: named(node, 2))
      writer.node("QuantizeLinear", [node.input(0), scale, point], to: node.output(0))
      return writer.nodes
    })
]

private func named(_ node: Node, _ index: Int) -> String? { node.output(index).isEmpty ? nil : node.output(index) }
