import ZooCore

/// Pad: amounts and value became inputs, axes can be chosen, and it can wrap around.
let padAdapters: [Adapter] = [
  Adapter(
    "Pad", at: 11,
    up: { node, bench in
      let writer = NodeWriter(node, bench)
      var new = node.without("pads", "value")
      new.inputs = [node.input(0), try writer.integers(node.ints("pads") ?? [], "pads")]
      if node.text("mode") ?? "constant" == "constant", let value = node.float("value"), value != 0 {
        new.inputs.append(try writer.scalar(Double(value), try writer.type(node.input(0)), "value"))
      }
      return [new]
    },
    down: { node, bench in
      guard let pads = try bench.integers(node.input(1)) else { throw Refusal("its pads are no constant") }
      var new = node.setting(.list("pads", pads))
      new.inputs = [node.input(0)]
      if !node.input(2).isEmpty {
        guard let value = try bench.numbers(node.input(2))?.first else { throw Refusal("its value is no constant") }
        new.set(Attribute("value", .float(Float(value))))
      }
      return [new]
    }),
  Adapter(
    "Pad", at: 18,
    down: { node, bench in
      var new = node
      new.inputs = Array(node.inputs.prefix(3))
      new.trimInputs()
      guard !node.input(3).isEmpty else { return [new] }
      guard let axes = try bench.integers(node.input(3)), let pads = try bench.integers(node.input(1)),
        pads.count == 2 * axes.count
      else { throw Refusal("its pads and axes are no constants") }
      let writer = NodeWriter(node, bench)
      let rank = try writer.rank(node.input(0))
      var all = [Int](repeating: 0, count: 2 * rank)
      for (index, axis) in axes.enumerated() {
        let place = axis < 0 ? axis + rank : axis
        guard (0..<rank).contains(place) else { throw Refusal("the axis \(axis) is out of range") }
        all[place] = pads[index]
        all[place + rank] = pads[index + axes.count]
      }
      new.inputs[1] = try writer.integers(all, "pads")
      return [new]
    }),
  Adapter(
    "Pad", at: 19,
    down: { node, _ in
      guard node.text("mode") != "wrap" else { throw Refusal("the mode wrap is new in it") }
      return [node]
    }),
]
