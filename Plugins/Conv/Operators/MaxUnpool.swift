import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX's MaxUnpool: each value goes to the place that MaxPool took it from; zeros elsewhere.
struct MaxUnpool: Operator {
  let signature: Signature

  init(since: Int64) { signature = Signature("MaxUnpool", since: since) }

  /// The shape that an input names: `nil` for none, an empty one while it is unknown.
  private static func given(_ input: TensorView?) throws -> [Int]? {
    guard let input else { return nil }
    return try input.constantInts() ?? []
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let unpooled = try UnpooledShape(node)
    let size = try node.input(0).type.elementByteCount
    let given = try Self.given(node.ownInputCount > 2 ? node.optionalInput(2) : nil)
    if let shape = try unpooled(given: given) {
      return ClosureKernel { call in
        guard let target = call.output(0).data else { return }
        try unpooled.write(call, to: target, shape: shape, elementByteCount: size)
      }
    }
    return ClosureKernel { call in
      guard let shape = try unpooled(given: Self.given(call.optionalInput(2))) else {
        throw OperatorError("output_shape is empty")
      }
      try unpooled.write(
        call, to: try call.allocateOutput(0, shape: shape), shape: shape, elementByteCount: size)
    }
  }
}

/// What was pooled, in which places count.
private struct UnpooledShape: Sendable {
  private let values, pooled: [Int]

  init(_ node: Node) throws {
    let (x, places) = (try node.input(0), try node.input(1))
    guard x.rank >= 3, places.shape == x.shape, places.type == .int64 else {
      throw OperatorError("places (\(places.type.name) of shape \(places.shape)) don't fit values of shape \(x.shape)")
    }
    let axes = x.rank - 2
    guard node.attributes.contains("kernel_shape") else { throw OperatorError("kernel_shape is missing") }
    let kernel = try checkedList(node.attributes, "kernel_shape", count: axes, default: 1, in: WindowLimits.steps)
    let strides = try checkedList(node.attributes, "strides", count: axes, default: 1, in: WindowLimits.steps)
    let pads = try checkedList(node.attributes, "pads", count: 2 * axes, default: 0, in: WindowLimits.pads)
    values = x.shape
    var pooled = x.shape
    for axis in 0..<axes {
      let reach = try max(x[dimension: axis + 2] - 1, 0).times(strides[axis])
      let extent = reach + kernel[axis] - pads[axis] - pads[axes + axis]
      guard extent > 0 else { throw OperatorError("pads leave nothing of spatial axis \(axis)") }
      pooled[axis + 2] = extent
    }
    _ = try elementCount(pooled)
    self.pooled = pooled
  }

  /// The output's shape, which may be given; `nil` while it is unknown (given as an empty one).
  func callAsFunction(given: [Int]?) throws -> [Int]? {
    guard let given else { return pooled }
    if given.isEmpty { return nil }
    guard given.count == values.count, given.allSatisfy({ $0 >= 0 }), given.prefix(2) == values.prefix(2) else {
      throw OperatorError("output_shape is \(given) for values of shape \(values)")
    }
    _ = try elementCount(given)
    return given
  }

  func write(
    _ call: Call, to target: UnsafeMutableRawPointer, shape result: [Int], elementByteCount size: Int
  ) throws {
    target.initializeMemory(as: UInt8.self, repeating: 0, count: result.reduce(size, *))
    guard let source = call.input(0).data else { return }
    func scatter<Element: BitwiseCopyable>(_: Element.Type) throws {
      let (from, to) = (source.assumingMemoryBound(to: Element.self), target.assumingMemoryBound(to: Element.self))
      try forEachPlace(of: call.input(1), in: result) { to[$1] = from[$0] }
    }
    switch size {
    case 1: try scatter(UInt8.self)
    case 2: try scatter(UInt16.self)
    case 4: try scatter(UInt32.self)
    default: try scatter(UInt64.self)
    }
  }

  /// Calls `body` with the number of each value and where it goes. Places count in the pooled tensor as it was; a larger output
  /// has the same positions, from the first one on.
  private func forEachPlace(of input: TensorView, in result: [Int], _ body: (_ index: Int, _ place: Int) -> Void) throws
  {
    let (places, limit) = (input.pointer(as: Int64.self), pooled.reduce(1, *))
    let (old, new) = (rowMajorStrides(pooled), rowMajorStrides(result))
    let isLarger = pooled != result
    for index in 0..<input.count {
      let place = Int(places[index])
      guard place >= 0, place < limit else {
        throw OperatorError("place \(place) is outside the \(limit) places of the shape \(pooled)")
      }
      guard isLarger else {
        body(index, place)
        continue
      }
      var offset = 0
      for axis in pooled.indices {
        let position = place / old[axis] % pooled[axis]
        guard position < result[axis] else {
          throw OperatorError("place \(place) is outside the output's shape \(result)")
        }
        offset += position * new[axis]
      }
      body(index, offset)
    }
  }
}
