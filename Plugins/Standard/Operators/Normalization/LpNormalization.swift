import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX LpNormalization: along an axis, divided by the sum of magnitudes or the root of the sum of squares. What has the
  /// norm 0 stays 0.
  static func lpNormalization(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("LpNormalization") { node in
      let axis = try node.attributes.int("axis") ?? -1
      let power = try node.attributes.int("p") ?? 2
      guard power == 1 || power == 2 else { throw OperatorError("p is \(power), it should be 1 or 2") }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          let view = AxisView(x.shape, axis: try normalized(axis: axis, rank: x.rank))
          let size = view.length * view.inner
          let code = power == 1 ? ZS_SUM_ABS.code : ZS_SUM_SQUARE.code
          if x.type == .float32 {
            let (from, to) = (source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self))
            // The norms of one stretch for each worker.
            let norms = try x.host.scratch(outputs.executor.workerCount.times(view.inner), of: Float.self)
            let tasks = min(view.outer, max(1, x.count / 8192))
            outputs.executor.parallelFor(tasks) { task, worker in
              norms.withPointer { norms in
                let norms = norms + worker * view.inner
                for index in view.outer * task / tasks..<view.outer * (task + 1) / tasks {
                  kernels.raw.reduce_rows(code, from + index * size, view.length, view.inner, norms, view.inner)
                  for column in 0..<view.inner {
                    let norm = power == 2 ? norms[column].squareRoot() : norms[column]
                    norms[column] = norm == 0 ? 0 : 1 / norm
                  }
                  for row in 0..<view.length {
                    let at = index * size + row * view.inner
                    kernels.raw.binary(ZS_MUL.code, from + at, 1, norms, 1, to + at, view.inner)
                  }
                }
              }
            }
          } else {
            let (from, to) = (source.assumingMemoryBound(to: Double.self), target.assumingMemoryBound(to: Double.self))
            for column in 0..<view.outer * view.inner {
              let first = column / view.inner * size + column % view.inner
              let places = stride(from: first, to: first + size, by: view.inner)
              let sum = places.reduce(0) { $0 + (power == 1 ? abs(from[$1]) : from[$1] * from[$1]) }
              let norm = power == 1 ? sum : sum.squareRoot()
              for place in places { to[place] = norm == 0 ? 0 : from[place] / norm }
            }
          }
        }, inPlace: [0])
    }
  }
}
