import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Slice, with steps of either sign. Blocked tensors of which only channels, or only positions, are cut stay blocked.
  static func slice(_ host: ZooHost) -> any Operator { Slice() }
}

private struct Slice: Operator {
  let signature = Signature("Slice", since: 1)

  private let plain = ShapedOperator("Slice", since: 1) { node in
    let settings = try SliceSettings(node)
    return ShapedOperator.Form(
      shapes: { inputs in [try settings.ranges(inputs).counts] },
      compute: { inputs, outputs in
        let x = try inputs[0]
        guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
        try settings.ranges(inputs).copy(source, x.shape, to: target, x.elementByteCount, outputs.executor)
      })
  }

  /// The ranges of a blocked input that can be cut as it is.
  private func blockedRanges(_ node: Node) throws -> SliceRanges? {
    let (x, settings, inputs) = (try node.input(0), try SliceSettings(node), Inputs(node))
    guard x.layout == .nchw16c, let ranges = try? settings.ranges(inputs), ranges.isWhole(0, of: x.shape) else {
      return nil
    }
    let cutsPositions = (2..<x.rank).contains { !ranges.isWhole($0, of: x.shape) }
    return cutsPositions ? ranges.isWhole(1, of: x.shape) ? ranges : nil : x.hasChannelsToPick ? ranges : nil
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    guard try blockedRanges(node) != nil else { return nil }
    let others = Array(repeating: Layout.plain, count: node.inputCount - 1)
    return LayoutChoice(inputs: [.nchw16c] + others, outputs: [.nchw16c])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    guard x.layout == .nchw16c else { return try plain.makeKernel(node, on: executor) }
    guard var ranges = try blockedRanges(node) else { throw OperatorError("blocks can't be cut so") }
    let size = try x.elementByteCount
    if ranges.isWhole(1, of: x.shape) {
      let shape = [x.shape[0], (x.shape[1] + 15) / 16] + x.shape[2...] + [16]
      ranges.append(16)
      ranges.counts[1] = shape[1]
      return ClosureKernel(layout: .nchw16c) { [ranges] call in
        guard let source = call.input(0).data, let target = call.output(0).data else { return }
        ranges.copy(source, shape, to: target, size, call.executor)
      }
    }
    let channels = (0..<ranges.counts[1]).map { (input: 0, number: ranges.starts[1] + $0 * ranges.steps[1]) }
    let picks = ChannelPicks(channels, of: [x])
    return ClosureKernel(layout: .nchw16c) { call in picks.run(call, isBytes: size == 1) }
  }
}

/// Where a Slice begins on each axis, how many elements it takes, and how far apart they are.
private struct SliceRanges {
  var starts, counts, steps: [Int]

  func isWhole(_ axis: Int, of shape: [Int]) -> Bool {
    starts[axis] == 0 && steps[axis] == 1 && counts[axis] == shape[axis]
  }

  /// An axis more, of which all is taken.
  mutating func append(_ extent: Int) {
    starts.append(0)
    counts.append(extent)
    steps.append(1)
  }

  func copy(
    _ source: UnsafeRawPointer, _ shape: [Int], to target: UnsafeMutableRawPointer, _ elementByteCount: Int,
    _ executor: Executor
  ) {
    let strides = rowMajorStrides(shape)
    let first = zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
    copyStrided(
      source + first * elementByteCount, to: target, shape: counts,
      strides: strides.indices.map { counts[$0] > 1 ? strides[$0] * steps[$0] : 0 },
      elementByteCount: elementByteCount, executor: executor)
  }
}

/// What a node's attributes and inputs say.
private struct SliceSettings {
  /// Before opset 10 all are attributes.
  private let isFixed: Bool
  private let starts, ends, axes: [Int]?

  init(_ node: Node) throws {
    isFixed = node.opset < 10
    starts = try node.attributes.ints("starts")
    ends = try node.attributes.ints("ends")
    axes = try node.attributes.ints("axes")
  }

  func ranges(_ inputs: Inputs) throws -> SliceRanges {
    let shape = try inputs[0].shape
    let from = try isFixed ? starts ?? [] : inputs.ints(1)
    let to = try isFixed ? ends ?? [] : inputs.ints(2)
    func given(_ index: Int) throws -> [Int]? {
      try isFixed || inputs.optional(index) == nil ? nil : inputs.ints(index)
    }
    let (axes, strides) = (try isFixed ? axes : given(3), try given(4))
    let named = try normalized(axes: axes ?? Array(from.indices), rank: shape.count)
    guard to.count == from.count, named.count == from.count, (strides ?? from).count == from.count else {
      throw OperatorError("starts, ends, axes and steps differ in length")
    }
    var ranges = SliceRanges(starts: shape.map { _ in 0 }, counts: shape, steps: shape.map { _ in 1 })
    for (index, axis) in named.enumerated() {
      let extent = shape[axis]
      let step = strides?[index] ?? 1
      guard step != 0, step != Int.min else { throw OperatorError("a step must not be \(step)") }
      // Backwards, the place before the first element is a valid end.
      let (low, high) = step > 0 ? (0, extent) : (-1, extent - 1)
      func place(_ value: Int) -> Int { min(max(value < 0 ? value + extent : value, low), high) }
      let (first, end) = (place(from[index]), place(to[index]))
      ranges.starts[axis] = first
      ranges.steps[axis] = step
      let distance = step > 0 ? end - first : first - end
      ranges.counts[axis] = distance <= 0 ? 0 : (distance - 1) / abs(step) + 1
    }
    return ranges
  }
}
