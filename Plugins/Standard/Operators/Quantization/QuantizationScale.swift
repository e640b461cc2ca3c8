import CStandardKernels
import PluginSupport
import ZooPlugin

/// Which scale an element has: one for all, one a place along an axis, or one a block of places (ONNX
/// QuantizeLinear-21).
struct QuantizationScale: Sendable {
  /// Around the axis.
  private let view: AxisView
  private let block: Int
  private let isSingle: Bool
  /// Scales along the axis.
  private let length: Int
  let scales: Scratch<Float>
  /// As many as there are scales.
  let zeroPoints: Scratch<Float>

  /// - Throws: `OperatorError` for scales and zero points that don't fit the tensor.
  init(_ node: Attributed, x: TensorView, scale: TensorView, zeroPoint: TensorView?) throws {
    scales = try scale.floats()
    zeroPoints = try zeroPoint?.floats() ?? x.host.scratch(repeating: 0, count: scales.count)
    guard zeroPoints.count == scales.count else {
      throw OperatorError("\(zeroPoints.count) zero points for \(scales.count) scales")
    }
    let shape = x.shape
    isSingle = scale.rank == 0 || (scale.rank == 1 && scales.count == 1)
    guard !isSingle else {
      (view, block, length) = (AxisView([1], axis: 0), 1, 1)
      return
    }
    let axis = try normalized(axis: node.axis, rank: shape.count)
    view = AxisView(shape, axis: axis)
    if node.blockSize > 0 {
      var expected = shape
      expected[axis] = shape[axis] / node.blockSize + (shape[axis] % node.blockSize == 0 ? 0 : 1)
      guard scale.shape == expected else {
        throw OperatorError("blocks of \(node.blockSize) take scales of shape \(expected), not \(scale.shape)")
      }
      (block, length) = (node.blockSize, expected[axis])
    } else {
      guard scale.rank == 1, scale.shape[0] == shape[axis] else {
        throw OperatorError("scales of shape \(scale.shape) don't fit axis \(axis) of shape \(shape)")
      }
      (block, length) = (0, shape[axis])
    }
  }

  /// Calls `body` on all workers, for each range of `count` elements in a row that have one scale. `count` may be more
  /// than the tensor has, in a layout that keeps the axes up to that of the scales outermost.
  ///
  /// - Returns: Whether there are such ranges: not of blocks, and of integers in bytes alone.
  func forEachRun(
    of count: Int, type: ElementType, on executor: Executor, _ body: (Range<Int>, zs_steps) -> Void
  ) -> Bool {
    guard isSingle || block == 0, count > 0, type == .int8 || type == .uint8, let limits = integerLimits(type) else {
      return false
    }
    let runLength = isSingle ? count : count / max(view.outer * length, 1)
    executor.parallelRanges(count, grain: 16384) { range in
      var start = range.lowerBound
      while start < range.upperBound {
        let run = start / runLength
        let end = min(range.upperBound, (run + 1) * runLength)
        let place = run % scales.count
        body(
          start..<end,
          zs_steps(scale: scales[place], zero: zeroPoints[place], low: limits.lowerBound, high: limits.upperBound))
        start = end
      }
    }
    return true
  }

  /// The attributes that say where scales apply.
  struct Attributed {
    let axis: Int
    let blockSize: Int

    init(_ node: Node) throws {
      axis = try node.attributes.int("axis") ?? 1
      blockSize = try node.attributes.int("block_size") ?? 0
      guard blockSize >= 0 else { throw OperatorError("the block size is \(blockSize)") }
    }
  }

  /// The number of the scale of an element.
  func index(of element: Int) -> Int {
    if isSingle { return 0 }
    let place = element / view.inner % view.length
    if block == 0 { return place }
    return (element / (view.inner * view.length) * length + place / block) * view.inner + element % view.inner
  }
}

/// The least and the greatest number of an integer type of up to 16 bits; `nil` for any other.
func integerLimits(_ type: ElementType) -> ClosedRange<Float>? {
  switch type {
  case .int2: -2...1
  case .uint2: 0...3
  case .int4: -8...7
  case .uint4: 0...15
  case .int8: -128...127
  case .uint8: 0...255
  case .int16: -32768...32767
  case .uint16: 0...65535
  default: nil
  }
}
