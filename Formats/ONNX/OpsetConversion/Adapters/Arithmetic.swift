import ZooCore

/// Arithmetic: broadcasting of Max, Min, Sum and Mean, exponents of other types, whole numbers in Relu.
let arithmeticAdapters: [Adapter] = [
  Adapter("Max", "Min", "Sum", "Mean", at: 8, down: withoutBroadcasting),
  Adapter(
    "Pow", at: 12,
    down: { node, bench in
      guard let base = bench.elementType(node.input(0)), let exponent = bench.elementType(node.input(1)),
        base != exponent
      else { return [node] }
      guard base == .float32 || base == .float64 || base == .float16 else {
        throw Refusal("base and exponent have the types \(base.name) and \(exponent.name)")
      }
      var writer = NodeWriter(node, bench)
      var new = node
      new.inputs[1] = writer.cast(node.input(1), from: exponent, to: base)
      return writer.nodes + [new]
    }),
  Adapter(
    "Relu", at: 14,
    down: { node, bench in
      guard let type = bench.elementType(node.input(0)),
        [.int8, .int16, .int32, .int64].contains(type)
      else { return [node] }
      var writer = NodeWriter(node, bench)
      writer.node("Max", [node.input(0), try writer.scalar(0, type, "zero")], to: node.output(0))
      return writer.nodes
    }),
  Adapter(
    "Gemm", at: 11,
    down: { node, bench in
      guard node.input(2).isEmpty else { return [node] }
      let writer = NodeWriter(node, bench)
      var new = node
      new.inputs = [node.input(0), node.input(1), try writer.scalar(0, try writer.type(node.input(0)), "zero")]
      return [new]
    }),
]

/// Sum and Mean by way of Add, which broadcasts; the others by making operands of one shape.
@Sendable private func withoutBroadcasting(_ node: Node, _ bench: Workbench) throws -> [Node] {
  guard node.inputs.count > 1 else { return [node] }
  let shapes = node.inputs.map { bench.fullShape($0) }
  if let first = shapes[0], shapes.allSatisfy({ $0 == first }) { return [node] }
  var writer = NodeWriter(node, bench)
  let type = try writer.type(node.input(0))
  switch node.operatorType {
  case "Sum", "Mean":
    let isSum = node.operatorType == "Sum"
    var sum = node.input(0)
    for (index, operand) in node.inputs.enumerated().dropFirst() {
      sum = writer.node("Add", [sum, operand], to: isSum && index == node.inputs.count - 1 ? node.output(0) : nil)
    }
    if !isSum {
      writer.node("Div", [sum, try writer.scalar(Double(node.inputs.count), type, "count")], to: node.output(0))
    }
  default:
    guard let shape = bench.fullShape(node.output(0)) else {
      throw Refusal("its operands may have several shapes, and they are not known")
    }
    var new = node
    // Adding zeros repeats an operand.
    for (index, own) in shapes.enumerated() where own != shape {
      new.inputs[index] = writer.node(
        "Add", [node.input(index), try bench.filled(0, type, shape: shape, writer.name("zeros"))])
    }
    return writer.nodes + [new]
  }
  return writer.nodes
}
