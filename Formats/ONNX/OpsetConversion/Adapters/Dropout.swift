import ZooCore

/// Dropout: the ratio became an input, and the mask a tensor of truth values.
let dropoutAdapters: [Adapter] = [
  Adapter(
    "Dropout", at: 10, up: { try maskConverted($0, $1, toBool: true) },
    down: { try maskConverted($0, $1, toBool: false) }),
  Adapter(
    "Dropout", at: 12,
    up: { node, bench in
      var new = node.without("ratio")
      if let ratio = node.float("ratio") {
        let name = NodeWriter(node, bench).name("ratio")
        new.inputs = [node.input(0), try bench.constant(try Tensor([ratio], shape: []), name)]
      }
      return [new]
    },
    down: { node, bench in
      if !node.input(2).isEmpty {
        guard try bench.numbers(node.input(2))?.first == 0 else { throw Refusal("it trains, or may") }
      }
      var new = node.without("seed")
      new.inputs = [node.input(0)]
      if !node.input(1).isEmpty {
        // Without training, the ratio does nothing.
        if let ratio = try bench.numbers(node.input(1))?.first { new.set(Attribute("ratio", .float(Float(ratio)))) }
      }
      return [new]
    }),
]

/// The mask has the data's type before operator set 10, truth values from then on.
private func maskConverted(_ node: Node, _ bench: Workbench, toBool: Bool) throws -> [Node] {
  guard !node.output(1).isEmpty else { return [node.onlyFirstOutput] }
  var writer = NodeWriter(node, bench)
  let type = try writer.type(node.input(0))
  var new = node
  let mask = bench.name(writer.name("mask"))
  new.outputs[1] = mask
  writer.node("Cast", [mask], [.number("to", Int((toBool ? type : .bool).rawValue))], to: node.output(1))
  return [new] + writer.nodes
}
