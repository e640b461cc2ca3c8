import ZooCore

/// Comparisons by older ones.
let comparisonDecompositions: [Adapter] = [
  Adapter("GreaterOrEqual", at: 12, down: { try orEqual("Greater", $0, $1) }),
  Adapter("LessOrEqual", at: 12, down: { try orEqual("Less", $0, $1) }),
  Adapter(
    "IsInf", at: 10,
    down: { node, bench in
      var writer = NodeWriter(node, bench)
      let type = try writer.type(node.input(0))
      guard type == .float32 || type == .float64 else { throw Refusal("the type is \(type.name)") }
      let greatest =
        type == .float32 ? Double(Float.greatestFiniteMagnitude) : Double.greatestFiniteMagnitude
      switch (node.int("detect_positive") ?? 1 != 0, node.int("detect_negative") ?? 1 != 0) {
      case (true, true):
        let size = writer.node("Abs", [node.input(0)])
        writer.node("Greater", [size, try writer.scalar(greatest, type, "greatest")], to: node.output(0))
      case (true, false):
        writer.node("Greater", [node.input(0), try writer.scalar(greatest, type, "greatest")], to: node.output(0))
      case (false, true):
        writer.node("Less", [node.input(0), try writer.scalar(-greatest, type, "least")], to: node.output(0))
      case (false, false): throw Refusal("it looks for nothing")
      }
      return writer.nodes
    }),
  Adapter(
    "Sign", at: 9,
    down: { node, bench in
      var writer = NodeWriter(node, bench)
      let type = try writer.type(node.input(0))
      let zero = try writer.scalar(0, type, "zero")
      let above = writer.node("Greater", [node.input(0), zero])
      let below = writer.node("Less", [node.input(0), zero])
      let positive = writer.cast(above, from: .bool, to: type)
      writer.node("Sub", [positive, writer.cast(below, from: .bool, to: type)], to: node.output(0))
      return writer.nodes
    }),
]

private func orEqual(_ comparison: String, _ node: Node, _ bench: Workbench) throws -> [Node] {
  var writer = NodeWriter(node, bench)
  let strict = writer.node(comparison, node.inputs)
  writer.node("Or", [strict, writer.node("Equal", node.inputs)], to: node.output(0))
  return writer.nodes
}
