import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX LayerNormalization.
  static func layerNormalization(_ host: Host) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("LayerNormalization", since: 17) { node in
      let axis = try node.attributes.int("axis") ?? -1
      let epsilon = try node.attributes.float("epsilon") ?? 1e-5
      return ShapedOperator.Form(
        outputs: { inputs in
          let x = try inputs[0]
          let axis = try normalized(axis: axis, rank: x.rank)
          let statistics = x.shape[..<axis] + x.shape[axis...].map { _ in 1 }
          return [
            OutputType(like: x), OutputType(.float32, Array(statistics)), OutputType(.float32, Array(statistics)),
          ]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard x.type == .float32 else { throw unsupported(x.type) }
          let axis = try normalized(axis: axis, rank: x.rank)
          let (rows, width) = (x.shape[..<axis].reduce(1, *), x.shape[axis...].reduce(1, *))
          let (scale, shift) = (try inputs[1], inputs.optional(2))
          guard scale.count == width, shift?.count ?? width == width else {
            throw OperatorError("scale and bias must have the shape \(x.shape[axis...])")
          }
          guard let source = x.data?.assumingMemoryBound(to: Float.self), outputs.isWritable(0) else { return }
          let target = outputs.pointer(0, as: Float.self)
          let (factors, offsets) = (scale.pointer(as: Float.self), shift?.pointer(as: Float.self))
          let means = outputs.data(1)?.assumingMemoryBound(to: Float.self)
          let deviations = outputs.data(2)?.assumingMemoryBound(to: Float.self)
          outputs.executor.parallelRanges(rows, grain: max(1, 8192 / width)) { range in
            for row in range {
              let line = source + row * width
              let mean = kernels.raw.reduce(ZS_SUM.code, line, width) / Float(width)
              let variance = kernels.raw.sum_squared_deviation(line, width, mean) / Float(width)
              let factor = 1 / (variance + epsilon).squareRoot()
              kernels.raw.normalize(line, target + row * width, width, mean, factor, factors, offsets)
              means?[row] = mean
              deviations?[row] = factor
            }
          }
        }, inPlace: [0])
    }.withHalves()
  }
}
