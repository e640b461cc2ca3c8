import ZooCore

/// Reshape, Shape and Expand.
let reshapeAdapters: [Adapter] = [
  Adapter(
    "Reshape", at: 14,
    down: { node, bench in
      let new = node.without("allowzero")
      guard node.int("allowzero") ?? 0 != 0 else { return [new] }
      guard let shape = try bench.integers(node.input(1)), !shape.contains(0) else {
        throw Refusal("allowzero is new in it")
      }
      return [new]
    }),
  Adapter(
    "Shape", at: 15,
    down: { node, bench in
      guard node[attribute: "start"] != nil || node[attribute: "end"] != nil else { return [node] }
      var writer = NodeWriter(node, bench)
      let shape = writer.node("Shape", [node.input(0)])
      let start = try writer.integers([node.int("start") ?? 0], "start")
      let end = try writer.integers([node.int("end") ?? Int(Int32.max)], "end")
      writer.node("Slice", [shape, start, end, try writer.integers([0])], to: node.output(0))
      return writer.nodes
    }),
  Adapter(
    "Expand", at: 8,
    down: { node, bench in
      // Adding zeros repeats what is there.
      guard let shape = try bench.integers(node.input(1)) else { throw Refusal("its shape is no constant") }
      var writer = NodeWriter(node, bench)
      let type = try writer.type(node.input(0))
      let zeros = try bench.filled(0, type, shape: shape, writer.name("zeros"))
      writer.node(type == .bool ? "Or" : "Add", [node.input(0), zeros], to: node.output(0))
      return writer.nodes
    }),
]
