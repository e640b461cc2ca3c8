import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX DequantizeLinear: (x - zero point) · scale.
  static func dequantizeLinear(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return BlockedQuantization(
      host: host, toBytes: false,
      plain: ShapedOperator("DequantizeLinear", since: 10) { node in
        let attributes = try QuantizationScale.Attributed(node)
        return ShapedOperator.Form(
          compute: { inputs, outputs in
            let x = try inputs[0]
            guard outputs.isWritable(0), let target = outputs.data(0) else { return }
            let scale = try QuantizationScale(attributes, x: x, scale: inputs[1], zeroPoint: inputs.optional(2))
            if outputs.type(0) == .float32, let data = x.data {
              let numbers = target.assumingMemoryBound(to: Float.self)
              let isDone = scale.forEachRun(of: x.count, type: x.type, on: outputs.executor) { range, steps in
                kernels.raw.dequantize_bytes(data + range.lowerBound, numbers + range.lowerBound, range.count, steps)
              }
              if isDone { return }
            }
            let values = try x.floats()
            outputs.executor.update(values) { index, value in
              let place = scale.index(of: index)
              return (value - scale.zeroPoints[place]) * scale.scales[place]
            }
            try store(values, to: target, as: outputs.type(0))
          })
      })
  }
}

extension Executor {
  /// Replaces every element of `values`, on all workers.
  func update(_ values: Scratch<Float>, _ body: @Sendable (Int, Float) -> Float) {
    parallelRanges(values.count, grain: 4096) { range in
      values.withPointer { values in for index in range { values[index] = body(index, values[index]) } }
    }
  }
}
