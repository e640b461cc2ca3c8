import ZooCore

/// DynamicQuantizeLinear by its definition, in which QuantizeLinear with a scale of 1 rounds the zero point. What the
/// definition leaves open is as ONNX Runtime has it: a range of nothing but zero has the scale 1, what is no number counts
/// as zero in the range and as 255 in the zero point.
let quantizationDecompositions: [Adapter] = [
  Adapter("DynamicQuantizeLinear", at: 11, down: dynamicQuantization)
]

@Sendable private func dynamicQuantization(_ node: Node, _ bench: Workbench) throws -> [Node] {
  var writer = NodeWriter(node, bench)
  func named(_ index: Int) -> String? { node.output(index).isEmpty ? nil : node.output(index) }
  let zero = try writer.scalar(0, .float32, "zero")
  let one = try writer.scalar(1, .float32, "one")
  let steps = try writer.scalar(255, .float32, "steps")
  // Comparisons with what is no number are false.
  func bound(_ reduction: String, _ comparison: String) -> String {
    let value = writer.node(reduction, [node.input(0)], [.number("keepdims", 0)])
    return writer.node("Where", [writer.node(comparison, [value, zero]), value, zero])
  }
  let least = bound("ReduceMin", "Less")
  let range = writer.node("Sub", [bound("ReduceMax", "Greater"), least])
  let scale = writer.node(
    "Where", [writer.node("Greater", [range, zero]), writer.node("Div", [range, steps]), one], to: named(1))
  let place = writer.node("Sub", [zero, writer.node("Div", [least, scale])])
  let bounded = writer.node("Where", [writer.node("Less", [place, steps]), place, steps])
  let point = writer.node("QuantizeLinear", [bounded, one, try writer.scalar(0, .uint8, "none")], to: named(2))
  writer.node("QuantizeLinear", [node.input(0), scale, point], to: node.output(0))
  return writer.nodes
}
