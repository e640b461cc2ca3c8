import ZooCore

/// Gather, Scatter and what else takes indices.
let indexingAdapters: [Adapter] = [
  .newAttribute("batch_dims", of: "GatherND", at: 12),
  Adapter("Scatter", at: 11, up: { node, _ in [node.renamed("ScatterElements")] }),
  Adapter(
    "ScatterElements", at: 11,
    down: { node, bench in
      [try countingFromFront(node.renamed("Scatter"), rank: bench.rank(node.input(0)), bench)]
    }),
  Adapter("ScatterElements", "ScatterND", at: 16, down: { node, _ in [try withoutReduction(node, of: ["none"])] }),
  Adapter(
    "ScatterElements", "ScatterND", at: 18,
    down: { node, _ in
      guard ["none", "add", "mul"].contains(node.text("reduction") ?? "none") else {
        throw Refusal("the reduction \(node.text("reduction") ?? "") is new in it")
      }
      return [node]
    }),
  Adapter(
    "OneHot", at: 11,
    down: { node, bench in
      // -1 is the last axis in all versions.
      guard let axis = node.int("axis"), axis < -1 else { return [node] }
      return [try countingFromFront(node, rank: bench.rank(node.input(0)).map { $0 + 1 }, bench)]
    }),
  Adapter(
    "RoiAlign", at: 16,
    up: { node, _ in [node.setting(.text("coordinate_transformation_mode", "output_half_pixel"))] },
    down: { node, _ in
      guard node.text("coordinate_transformation_mode") == "output_half_pixel" else {
        throw Refusal("coordinates of the mode half_pixel are new in it")
      }
      return [node.without("coordinate_transformation_mode")]
    }),
  Adapter(
    "GridSample", at: 20,
    up: { node, _ in
      let names = ["bilinear": "linear", "bicubic": "cubic"]
      let mode = node.text("mode") ?? "bilinear"
      return [node.setting(.text("mode", names[mode] ?? mode))]
    },
    down: { node, bench in
      let names = ["linear": "bilinear", "cubic": "bicubic"]
      let mode = node.text("mode") ?? "linear"
      guard try NodeWriter(node, bench).rank(node.input(0)) == 4 else {
        throw Refusal("other than two dimensions are new in it")
      }
      return [node.setting(.text("mode", names[mode] ?? mode))]
    }),
  Adapter(
    "DepthToSpace", at: 11,
    down: { node, bench in
      guard node.text("mode") == "CRD" else { return [node.without("mode")] }
      return try rearranged(node, bench)
    }),
  Adapter(
    "SpaceToDepth", at: 28,
    down: { node, bench in
      guard node.text("mode") == "CRD" else { return [node.without("mode")] }
      return try rearranged(node, bench)
    }),
]

private func withoutReduction(_ node: Node, of allowed: [String]) throws -> Node {
  guard allowed.contains(node.text("reduction") ?? "none") else {
    throw Refusal("the reduction \(node.text("reduction") ?? "") is new in it")
  }
  return node.without("reduction")
}

/// Depth to space and back with channels outermost, by way of six dimensions.
private func rearranged(_ node: Node, _ bench: Workbench) throws -> [Node] {
  guard let shape = bench.shape(node.input(0)), shape.count == 4, let channels = shape[1], let height = shape[2],
    let width = shape[3], let block = node.int("blocksize"), block > 0, block < 1 << 10
  else { throw Refusal("the mode CRD is new in it, and the shape is not known") }
  var writer = NodeWriter(node, bench)
  let square = block * block
  let isDown = node.operatorType == "DepthToSpace"
  guard isDown ? channels % square == 0 : height % block == 0 && width % block == 0 else {
    throw Refusal("the blocks do not fit")
  }
  let inner =
    isDown
    ? [0, channels / square, block, block, height, width]
    : [0, channels, height / block, block, width / block, block]
  let outer =
    isDown
    ? [0, channels / square, height * block, width * block]
    : [0, channels * square, height / block, width / block]
  let split = writer.node("Reshape", [node.input(0), try writer.integers(inner, "shape")])
  let turned = writer.node("Transpose", [split], [.list("perm", isDown ? [0, 1, 4, 2, 5, 3] : [0, 1, 3, 5, 2, 4])])
  writer.node("Reshape", [turned, try writer.integers(outer, "shape")], to: node.output(0))
  return writer.nodes
}
