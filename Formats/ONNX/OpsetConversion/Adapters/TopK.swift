import ZooCore

/// TopK: the number became an input; the least came along.
let topKAdapters: [Adapter] = [
  Adapter(
    "TopK", at: 10,
    up: { node, bench in
      guard let count = node.int("k") else { throw Refusal("it has no k") }
      var new = node.without("k")
      new.inputs = [node.input(0), try NodeWriter(node, bench).integers([count], "k")]
      return [new]
    },
    down: { node, bench in
      guard let count = try bench.integers(node.input(1))?.first else { throw Refusal("K is no constant") }
      var new = node.setting(.number("k", count))
      new.inputs = [node.input(0)]
      return [new]
    }),
  Adapter(
    "TopK", at: 11,
    down: { node, bench in
      var new = node.without("largest", "sorted")
      let rank = bench.rank(node.input(0))
      if let axis = node.int("axis"), axis < -1 {
        guard let rank else { throw Refusal("the axis \(axis) counts from the end, and the rank is not known") }
        new.set(.number("axis", axis + rank))
      }
      guard node.int("largest") ?? 1 == 0, !node.inputs.isEmpty else { return [new] }
      var writer = NodeWriter(node, bench)
      new.inputs[0] = writer.node("Neg", [node.input(0)])
      let values = bench.name(writer.name("values"))
      let before = writer.nodes
      guard !node.output(0).isEmpty else { return before + [new] }
      new.outputs[0] = values
      var behind = NodeWriter(new, bench)
      behind.node("Neg", [values], to: node.output(0))
      return before + [new] + behind.nodes
    }),
]
