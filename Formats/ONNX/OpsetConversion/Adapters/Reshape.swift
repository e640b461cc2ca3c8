import ZooCore

/// Reshape, Shape and Expand.
let reshapeAdapters: [Adapter] = [
  Adapter(
    "Reshape", at: 14,
    down: { node, bench in
      let new = node.without("allowzero")
      guard node.int("allowzero") ?? 0 != 0, try zeroMayCount(node, bench) else { return [new] }
      throw Refusal("allowzero is new in it")
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

/// Whether an extent of 0 in the shape may say something else than that the input's is kept.
private func zeroMayCount(_ node: Node, _ bench: Workbench) throws -> Bool {
  let extents = bench.shape(node.input(0))
  if let shape = try bench.integers(node.input(1)) {
    return shape.enumerated().contains { index, extent in extent == 0 && extents?.dropFirst(index).first != 0 }
  }
  // Where there are elements, no extent can be 0.
  guard let extents else { return true }
  return !extents.allSatisfy { $0.map { $0 > 0 } ?? false }
}
