import CConvKernels
import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX's Col2Im: columns of windows become an image, overlapping windows are summed.
struct Col2Im: Operator {
  let signature = Signature("Col2Im", since: 18)

  /// `nil` where the extents of image and windows are unknown yet.
  private func window(_ node: Node) throws -> (window: TransposedWindow, shape: [Int])? {
    let x = try node.input(0)
    guard x.type == .float32 || x.type == .float64 || x.type.isHalf else { throw unsupported(x.type) }
    guard x.rank == 3 else { throw OperatorError("columns have the shape \(x.shape), not [N, C·windows, L]") }
    guard let image = try node.input(1).constantInts(), let block = try node.input(2).constantInts() else { return nil }
    let axes = image.count
    guard (1...3).contains(axes), block.count == axes else {
      throw OperatorError("\(axes) spatial axes are not supported, only 1 to 3", kind: .unsupported)
    }
    guard (image + block).allSatisfy({ WindowLimits.steps ~= $0 }) else {
      throw OperatorError("the image is \(image) large, its windows \(block)")
    }
    let strides = try checkedList(node.attributes, "strides", count: axes, default: 1, in: WindowLimits.steps)
    let dilations = try checkedList(node.attributes, "dilations", count: axes, default: 1, in: WindowLimits.steps)
    let pads = try checkedList(node.attributes, "pads", count: 2 * axes, default: 0, in: WindowLimits.pads)
    var input: [Int] = []
    for axis in 0..<axes {
      let room = image[axis] + pads[axis] + pads[axes + axis] - (block[axis] - 1) * dilations[axis] - 1
      guard room >= 0 else { throw OperatorError("windows of \(block) don't fit an image of \(image)") }
      input.append(room / strides[axis] + 1)
    }
    let taps = saturatingProduct(block)
    guard x[dimension: 1] % taps == 0, saturatingProduct(input) == x[dimension: 2] else {
      throw OperatorError("columns of shape \(x.shape) don't fit windows of \(block) at \(input) places")
    }
    let shape = [x[dimension: 0], x[dimension: 1] / taps] + image
    _ = try elementCount(shape)
    return (
      TransposedWindow(
        input: input, output: image, kernel: block, strides: strides, dilations: dilations,
        padBegin: Array(pads.prefix(axes))), shape
    )
  }

  func infer(_ node: Node) throws -> [OutputType] { [OutputType(try node.input(0).type, try window(node)?.shape)] }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    guard let (window, shape) = try window(node) else {
      throw OperatorError("extents that are computed are not supported", kind: .unsupported)
    }
    let type = try node.input(0).type
    let (taps, positions, pixels) = (window.taps, window.positions, window.outputPositions)
    let raw = window.raw
    return ClosureKernel { call in
      guard let source = call.input(0).data, let target = call.output(0).data else { return }
      call.executor.parallelFor(shape[0] * shape[1]) { plane, _ in
        withUnsafePointer(to: raw) { raw in
          if type == .float32 {
            let to = target.assumingMemoryBound(to: Float.self) + plane * pixels
            let from = source.assumingMemoryBound(to: Float.self) + plane * taps * positions
            to.update(repeating: 0, count: pixels)
            for tap in 0..<taps { conv_scatter(raw, Int64(tap), 1, from + tap * positions, to) }
          } else {
            let to = target.assumingMemoryBound(to: Double.self) + plane * pixels
            let from = source.assumingMemoryBound(to: Double.self) + plane * taps * positions
            to.update(repeating: 0, count: pixels)
            for tap in 0..<taps { conv_scatter_double(raw, Int64(tap), 1, from + tap * positions, to) }
          }
        }
      }
    }
  }
}
