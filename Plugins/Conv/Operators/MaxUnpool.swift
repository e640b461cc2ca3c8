import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX's MaxUnpool: each value goes to the place that MaxPool took it from; zeros elsewhere.
struct MaxUnpool: Operator {
  let signature: Signature

  init(since: Int64) { signature = Signature("MaxUnpool", since: since) }

  /// The shape of what was pooled, which the places count in; `nil` where the given shape is unknown yet.
  private func shapes(_ node: Node) throws -> (pooled: [Int], result: [Int]?) {
    let (x, places) = (try node.input(0), try node.input(1))
    guard x.rank >= 3, places.shape == x.shape, places.type == .int64 else {
      throw OperatorError("places (\(places.type.name) of shape \(places.shape)) don't fit values of shape \(x.shape)")
    }
    let axes = x.rank - 2
    guard node.attributes.contains("kernel_shape") else { throw OperatorError("kernel_shape is missing") }
    let kernel = try checkedList(node.attributes, "kernel_shape", count: axes, default: 1, in: WindowLimits.steps)
    let strides = try checkedList(node.attributes, "strides", count: axes, default: 1, in: WindowLimits.steps)
    let pads = try checkedList(node.attributes, "pads", count: 2 * axes, default: 0, in: WindowLimits.pads)
    var pooled = x.shape
    for axis in 0..<axes {
      let reach = try max(x[dimension: axis + 2] - 1, 0).times(strides[axis])
      let extent = reach + kernel[axis] - pads[axis] - pads[axes + axis]
      guard extent > 0 else { throw OperatorError("pads leave nothing of spatial axis \(axis)") }
      pooled[axis + 2] = extent
    }
    _ = try elementCount(pooled)
    guard node.ownInputCount > 2, let given = node.optionalInput(2) else { return (pooled, pooled) }
    guard let shape = try given.constantInts() else { return (pooled, nil) }
    guard shape.count == x.rank, shape.allSatisfy({ $0 >= 0 }), shape[0] == x[dimension: 0], shape[1] == x[dimension: 1]
    else { throw OperatorError("output_shape is \(shape) for values of shape \(x.shape)") }
    _ = try elementCount(shape)
    return (pooled, shape)
  }

  func infer(_ node: Node) throws -> [OutputType] { [OutputType(try node.input(0).type, try shapes(node).result)] }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (pooled, result) = try shapes(node)
    let size = try node.input(0).type.elementByteCount
    guard let result else {
      throw OperatorError("an output_shape that is computed is not supported", kind: .unsupported)
    }
    return ClosureKernel { call in
      guard let target = call.output(0).data else { return }
      target.initializeMemory(as: UInt8.self, repeating: 0, count: result.reduce(size, *))
      guard let source = call.input(0).data else { return }
      let places = call.input(1).pointer(as: Int64.self)
      // Places count in the pooled tensor as it was; a larger output has the same positions, from the first one on.
      let limit = (pooled == result ? result : pooled).reduce(1, *)
      let (old, new) = (rowMajorStrides(pooled), rowMajorStrides(result))
      for index in 0..<call.input(0).count {
        let place = Int(places[index])
        guard place >= 0, place < limit else {
          throw OperatorError("place \(place) is outside the \(limit) places of the shape \(pooled)")
        }
        var offset = place
        if pooled != result {
          offset = 0
          for axis in pooled.indices {
            let position = place / old[axis] % pooled[axis]
            guard position < result[axis] else {
              throw OperatorError("place \(place) is outside the output's shape \(result)")
            }
            offset += position * new[axis]
          }
        }
        (target + offset * size).copyMemory(from: source + index * size, byteCount: size)
      }
    }
  }
}
