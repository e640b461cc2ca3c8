import CStandardKernels
import PluginSupport
import ZooPlugin

/// Softmax and LogSoftmax. Up to opset 12 they normalise over all dimensions from `axis` on, later along `axis` alone.
struct SoftmaxOperator: Operator {
  let signature: Signature
  let host: ZooHost
  let isLogarithm: Bool

  init(_ name: String, host: ZooHost, logarithm: Bool) {
    signature = Signature(name, since: 1)
    self.host = host
    isLogarithm = logarithm
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    let shape = x.rank == 0 ? [1] : x.shape
    let axis = try normalized(axis: try node.attributes.int("axis") ?? (node.opset < 13 ? 1 : -1), rank: shape.count)
    var view = AxisView(shape, axis: axis)
    if node.opset < 13 {
      view = AxisView([shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *)], axis: 1)
    }
    guard x.type == .float32 || x.type == .float64 else { throw unsupported(x.type) }
    let (type, isLogarithm) = (x.type, isLogarithm)
    return ClosureKernel(inPlace: [0]) { [view] call in
      guard let x = call.input(0).data, let y = call.output(0).data else { return }
      try writeSoftmax(x, to: y, view, type: type, logarithm: isLogarithm, host: call.host, call.executor)
    }
  }
}

/// The softmax of `x`, of float32 or float64, along the axis of `view`, or its logarithm. y may be x.
func writeSoftmax(
  _ x: UnsafeMutableRawPointer, to y: UnsafeMutableRawPointer, _ view: AxisView, type: ElementType, logarithm: Bool,
  host: ZooHost, _ executor: Executor
) throws {
  let size = view.length * view.inner
  guard size > 0, view.outer > 0 else { return }
  if type == .float32 {
    let (x, y) = (x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self))
    let kernels = host.kernels
    guard view.inner == 1 else {
      return view.forEachPart(on: executor) { start, _, columns in
        kernels.raw.softmax_columns(x + start, y + start, view.length, view.inner, columns, logarithm ? 1 : 0)
      }
    }
    executor.parallelRanges(view.outer, grain: max(1, 4096 / size)) { range in
      for place in stride(from: range.lowerBound * size, to: range.upperBound * size, by: size) {
        kernels.raw.softmax(x + place, y + place, view.length, logarithm ? 1 : 0)
      }
    }
    return
  }
  let (x, y) = (x.assumingMemoryBound(to: Double.self), y.assumingMemoryBound(to: Double.self))
  try host.scratch(view.inner, of: Double.self).withPointer { sums in
    for first in stride(from: 0, to: view.outer * size, by: size) {
      zs_typed_reduce(
        ElementType.float64.rawValue, ZS_LOG_SUM_EXP.code, x + first, 1, view.length, view.inner, sums)
      for place in 0..<size { y[first + place] = x[first + place] - sums[place % view.inner] }
    }
  }
  if !logarithm {
    zs_typed_unary(ElementType.float64.rawValue, ZS_EXP.code, y, y, view.outer * size, 0, 0)
  }
}
