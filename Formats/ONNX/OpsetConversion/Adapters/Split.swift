import ZooCore

/// Split: sizes became an input, and the number of parts came along.
let splitAdapters: [Adapter] = [
  Adapter(
    "Split", at: 13,
    up: { node, bench in
      guard let sizes = node.ints("split") else { return [node] }
      var new = node.without("split")
      new.inputs = [node.input(0), try NodeWriter(node, bench).integers(sizes, "split")]
      return [new]
    },
    down: { node, bench in
      var new = node
      new.inputs = [node.input(0)]
      guard !node.input(1).isEmpty else { return [new] }
      guard let sizes = try bench.integers(node.input(1)) else { throw Refusal("its sizes are no constant") }
      new.set(.list("split", sizes))
      return [new]
    }),
  Adapter(
    "Split", at: 18,
    up: { node, _ in
      node.input(1).isEmpty ? [node.setting(.number("num_outputs", node.outputs.count))] : [node]
    },
    down: { node, bench in
      let new = node.without("num_outputs")
      guard node.input(1).isEmpty, node.int("num_outputs") != nil else { return [new] }
      var axis = node.int("axis") ?? 0
      guard let shape = bench.shape(node.input(0)) else { throw Refusal("the extent that it divides is not known") }
      if axis < 0 { axis += shape.count }
      guard shape.indices.contains(axis), let extent = shape[axis] else {
        throw Refusal("the extent that it divides is not known")
      }
      let count = max(node.outputs.count, 1)
      guard extent % count != 0 else { return [new] }
      // All parts are as large as the first, but for the last.
      let size = (extent + count - 1) / count
      let last = extent - size * (count - 1)
      guard last >= 0 else { throw Refusal("\(extent) elements can't be divided into \(count) parts") }
      var sized = new
      let sizes = [Int](repeating: size, count: count - 1) + [last]
      sized.inputs = [node.input(0), try NodeWriter(node, bench).integers(sizes, "split")]
      return [sized]
    }),
]
