import ZooCore

/// Slice: what were attributes became inputs, and steps came along.
let sliceAdapters: [Adapter] = [
  Adapter(
    "Slice", at: 10,
    up: { node, bench in
      let writer = NodeWriter(node, bench)
      guard let starts = node.ints("starts"), let ends = node.ints("ends") else {
        throw Refusal("it has no starts and ends")
      }
      var new = node.without("starts", "ends", "axes")
      new.inputs = [node.input(0), try writer.integers(starts, "starts"), try writer.integers(ends, "ends")]
      if let axes = node.ints("axes") { new.inputs.append(try writer.integers(axes)) }
      return [new]
    },
    down: { node, bench in
      guard let starts = try bench.integers(node.input(1)), let ends = try bench.integers(node.input(2)),
        starts.count == ends.count
      else { throw Refusal("its starts and ends are no constants") }
      var axes: [Int]?
      if !node.input(3).isEmpty {
        axes = try bench.integers(node.input(3))
        guard axes?.count == starts.count else { throw Refusal("its axes are no constant") }
      }
      guard !node.input(4).isEmpty else { return [node.slicing(starts, ends, axes)] }
      guard let steps = try bench.integers(node.input(4)), steps.count == starts.count else {
        throw Refusal("its steps are no constant")
      }
      if steps.allSatisfy({ $0 == 1 }) { return [node.slicing(starts, ends, axes)] }
      // Elements at the places where the steps come by.
      guard let shape = bench.shape(node.input(0)) else { throw Refusal("it has steps, and the shape is not known") }
      var writer = NodeWriter(node, bench)
      var value = node.input(0)
      for index in starts.indices {
        let axis = axes?[index] ?? index
        guard shape.indices.contains(axis), let extent = shape[axis] else {
          throw Refusal("it has steps, and the extent of axis \(axis) is not known")
        }
        let places = try stepped(extent, from: starts[index], to: ends[index], by: steps[index])
        let isLast = index == starts.count - 1
        value = writer.node(
          "Gather", [value, try writer.integers(places, "indices")], [.number("axis", axis)],
          to: isLast ? node.output(0) : nil)
      }
      return writer.nodes
    }),
  Adapter(
    "Slice", at: 11,
    down: { node, bench in
      guard !node.input(3).isEmpty, let axes = try bench.integers(node.input(3)), axes.contains(where: { $0 < 0 })
      else { return [node] }
      let writer = NodeWriter(node, bench)
      let rank = try writer.rank(node.input(0))
      var new = node
      new.inputs[3] = try writer.integers(axes.map { $0 < 0 ? $0 + rank : $0 })
      return [new]
    }),
]

extension Node {
  fileprivate func slicing(_ starts: [Int], _ ends: [Int], _ axes: [Int]?) -> Node {
    var node = self
    node.inputs = [input(0)]
    node.set(.list("starts", starts))
    node.set(.list("ends", ends))
    if let axes { node.set(.list("axes", axes)) }
    return node
  }
}

/// The indices that a slice takes, with ONNX's rules for what lies outside.
private func stepped(_ extent: Int, from start: Int, to end: Int, by step: Int) throws -> [Int] {
  guard step != 0, step != .min else { throw Refusal("a step is 0") }
  guard extent <= 1 << 22 else { throw Refusal("it has steps, and the extent is too large") }
  func bounded(_ value: Int, _ range: ClosedRange<Int>) -> Int {
    min(max(value < 0 ? value.addingReportingOverflow(extent).partialValue : value, range.lowerBound), range.upperBound)
  }
  guard extent > 0 else { return [] }
  // Longer steps reach no more than one element.
  let step = min(max(step, -extent), extent)
  return step > 0
    ? Array(stride(from: bounded(start, 0...extent), to: bounded(end, 0...extent), by: step))
    : Array(stride(from: bounded(start, 0...(extent - 1)), to: bounded(end, -1...(extent - 1)), by: step))
}
