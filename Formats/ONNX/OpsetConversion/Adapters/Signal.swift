import ZooCore

/// DFT: its axis became an input.
let signalAdapters: [Adapter] = [
  Adapter(
    "DFT", at: 20,
    up: { node, bench in
      var new = node.without("axis")
      while new.inputs.count < 2 { new.inputs.append("") }
      new.inputs.append(
        try bench.constant(try Tensor([Int64(node.int("axis") ?? 1)], shape: []), NodeWriter(node, bench).name("axis")))
      return [new]
    },
    down: { node, bench in
      var axis = -2
      if !node.input(2).isEmpty {
        guard let given = try bench.integers(node.input(2))?.first else { throw Refusal("its axis is no constant") }
        axis = given
      }
      if axis < 0 { axis += try NodeWriter(node, bench).rank(node.input(0)) }
      var new = node.setting(.number("axis", axis))
      new.inputs = Array(node.inputs.prefix(2))
      new.trimInputs()
      return [new]
    })
]
