import CConvKernels
import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX's Col2Im: columns of windows become an image, overlapping windows are summed.
struct Col2Im: Operator {
  let signature = Signature("Col2Im", since: 18)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (image, block) = (try node.input(1).constantInts(), try node.input(2).constantInts())
    let attributes = try ColumnAttributes(node)
    if let known = try ColumnImage(attributes, x: node.input(0), image: image, block: block) {
      return ClosureKernel { call in
        guard let target = call.output(0).data else { return }
        known.write(call, to: target)
      }
    }
    return ClosureKernel { call in
      let (image, block) = (try call.input(1).constantInts(), try call.input(2).constantInts())
      guard let made = try ColumnImage(attributes, x: call.input(0), image: image, block: block) else { return }
      made.write(call, to: try call.allocateOutput(0, shape: made.shape))
    }
  }
}

private struct ColumnAttributes: Sendable {
  let strides, dilations, pads: [Int]?

  init(_ node: Node) throws {
    strides = try node.attributes.ints("strides")
    dilations = try node.attributes.ints("dilations")
    pads = try node.attributes.ints("pads")
  }
}

/// The image that columns become, and where they go in it.
private struct ColumnImage: Sendable {
  let shape: [Int]
  private let window: TransposedWindow

  init?(_ node: Node, x: TensorView, image: [Int]?, block: [Int]?) throws {
    try self.init(ColumnAttributes(node), x: x, image: image, block: block)
  }

  /// `nil` where the extents of image and windows are unknown yet.
  init?(_ attributes: ColumnAttributes, x: TensorView, image: [Int]?, block: [Int]?) throws {
    guard x.type == .float32 || x.type == .float64 else { throw unsupported(x.type) }
    guard x.rank == 3 else { throw OperatorError("columns have the shape \(x.shape), not [N, C·windows, L]") }
    guard let image, let block else { return nil }
    let axes = image.count
    guard (1...3).contains(axes), block.count == axes else {
      throw OperatorError("\(axes) spatial axes are not supported, only 1 to 3", kind: .unsupported)
    }
    guard (image + block).allSatisfy({ WindowLimits.steps ~= $0 }) else {
      throw OperatorError("the image is \(image) large, its windows \(block)")
    }
    let strides = try checkedList(attributes.strides, "strides", count: axes, default: 1, in: WindowLimits.steps)
    let dilations = try checkedList(attributes.dilations, "dilations", count: axes, default: 1, in: WindowLimits.steps)
    let pads = try checkedList(attributes.pads, "pads", count: 2 * axes, default: 0, in: WindowLimits.pads)
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
    shape = [x[dimension: 0], x[dimension: 1] / taps] + image
    _ = try elementCount(shape)
    window = TransposedWindow(
      input: input, output: image, kernel: block, strides: strides, dilations: dilations,
      padBegin: Array(pads.prefix(axes)))
  }

  func write(_ call: Call, to target: UnsafeMutableRawPointer) {
    let x = call.input(0)
    guard let source = x.data else { return }
    if x.type == .float32 {
      add(source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self), call, conv_scatter)
    } else {
      add(
        source.assumingMemoryBound(to: Double.self), target.assumingMemoryBound(to: Double.self), call,
        conv_scatter_double)
    }
  }

  private func add<Number: BinaryFloatingPoint>(
    _ source: UnsafePointer<Number>, _ target: UnsafeMutablePointer<Number>, _ call: Call,
    _ scatter: (UnsafePointer<conv_window>?, Int64, Number, UnsafePointer<Number>?, UnsafeMutablePointer<Number>?)
      -> Void
  ) {
    let (taps, positions, pixels) = (window.taps, window.positions, window.outputPositions)
    let raw = window.raw
    call.executor.parallelFor(shape[0] * shape[1]) { plane, _ in
      withUnsafePointer(to: raw) { raw in
        let to = target + plane * pixels
        to.update(repeating: 0, count: pixels)
        for tap in 0..<taps { scatter(raw, Int64(tap), 1, source + (plane * taps + tap) * positions, to) }
      }
    }
  }
}
