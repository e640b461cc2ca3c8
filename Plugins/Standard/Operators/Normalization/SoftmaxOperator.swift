import CStandardKernels
import PluginSupport
import ZooPlugin

/// Softmax and LogSoftmax. Up to opset 12 they normalise over all dimensions from `axis` on, later along `axis` alone.
struct SoftmaxOperator: Operator {
  let signature: Signature
  let host: Host
  let isLogarithm: Bool

  init(_ name: String, host: Host, logarithm: Bool) {
    signature = Signature(name, since: 1)
    self.host = host
    isLogarithm = logarithm
  }

  func infer(_ node: Node) throws -> [OutputType] { [OutputType(like: try node.input(0))] }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    let shape = x.rank == 0 ? [1] : x.shape
    let axis = try normalized(axis: try node.attributes.int("axis") ?? (node.opset < 13 ? 1 : -1), rank: shape.count)
    var view = AxisView(shape, axis: axis)
    if node.opset < 13 {
      view = AxisView([shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *)], axis: 1)
    }
    let kernels = host.kernels
    let logarithm: Int32 = isLogarithm ? 1 : 0
    switch x.type {
    case .float32:
      return ClosureKernel(inPlace: [0]) { [view] call in
        guard let x = call.input(0).data?.assumingMemoryBound(to: Float.self),
          let y = call.output(0).data?.assumingMemoryBound(to: Float.self), view.length > 0
        else { return }
        let size = view.length * view.inner
        call.executor.parallelRanges(view.outer, grain: max(1, 4096 / max(1, size))) { range in
          for index in range {
            if view.inner == 1 {
              kernels.raw.softmax(x + index * size, y + index * size, view.length, logarithm)
            } else {
              kernels.raw.softmax_columns(
                x + index * size, y + index * size, view.length, view.inner, view.inner, logarithm)
            }
          }
        }
      }
    case .float64:
      return ClosureKernel(inPlace: [0]) { [view] call in
        guard call.output(0).count > 0 else { return }
        let (x, y) = (call.input(0).pointer(as: Double.self), call.output(0).pointer(as: Double.self))
        let size = view.length * view.inner
        try call.host.scratch(view.inner, of: Double.self).withPointer { sums in
          for first in stride(from: 0, to: view.outer * size, by: size) {
            zs_typed_reduce(
              ElementType.float64.rawValue, ZS_LOG_SUM_EXP.code, x + first, 1, view.length, view.inner, sums)
            for place in 0..<size { y[first + place] = x[first + place] - sums[place % view.inner] }
          }
        }
        if logarithm == 0 {
          zs_typed_unary(ElementType.float64.rawValue, ZS_EXP.code, y, y, view.outer * view.length * view.inner, 0, 0)
        }
      }
    default: throw unsupported(x.type)
    }
  }
}
