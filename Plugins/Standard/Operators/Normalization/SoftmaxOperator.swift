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
        let (x, y) = (call.input(0).pointer(as: Double.self), call.output(0).pointer(as: Double.self))
        for row in 0..<view.outer * view.inner {
          let first = row / max(view.inner, 1) * view.length * view.inner + row % max(view.inner, 1)
          let places = stride(from: first, to: first + view.length * view.inner, by: view.inner)
          var sum = 0.0
          zs_typed_reduce(
            ElementType.float64.rawValue, ZS_LOG_SUM_EXP.code, places.map { x[$0] }, 1, view.length, 1, &sum)
          for place in places { y[place] = x[place] - sum }
        }
        if logarithm == 0 {
          zs_typed_unary(ElementType.float64.rawValue, ZS_EXP.code, y, y, view.outer * view.length * view.inner, 0, 0)
        }
      }
    default: throw unsupported(x.type)
    }
  }
}
