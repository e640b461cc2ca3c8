import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX QuantizeLinear: x / scale, rounded half to even, plus the zero point, clamped to the type's numbers.
  static func quantizeLinear(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return BlockedQuantization(
      host: host, toBytes: true,
      plain: ShapedOperator("QuantizeLinear", since: 10) { node in
        let attributes = try QuantizationScale.Attributed(node)
        let saturate = try node.attributes.int("saturate") ?? 1 != 0
        return ShapedOperator.Form(
          compute: { inputs, outputs in
            let x = try inputs[0]
            guard outputs.isWritable(0), let target = outputs.data(0) else { return }
            let scale = try QuantizationScale(attributes, x: x, scale: inputs[1], zeroPoint: inputs.optional(2))
            let type = outputs.type(0)
            if x.type == .float32, let data = x.data {
              let numbers = data.assumingMemoryBound(to: Float.self)
              let isDone = scale.forEachRun(of: x.count, type: type, on: outputs.executor) { range, steps in
                kernels.raw.quantize_bytes(
                  numbers + range.lowerBound, target + range.lowerBound, range.count, steps)
              }
              if isDone { return }
            }
            let values = try x.floats()
            if let limits = integerLimits(type) {
              outputs.executor.update(values) { index, value in
                let place = scale.index(of: index)
                let rounded = (value / scale.scales[place]).rounded(.toNearestOrEven) + scale.zeroPoints[place]
                // A NaN has no integer; it becomes the least.
                return min(max(limits.lowerBound, rounded), limits.upperBound)
              }
            } else {
              outputs.executor.update(values) { index, value in
                let place = scale.index(of: index)
                return value / scale.scales[place] + scale.zeroPoints[place]
              }
            }
            try store(values, to: target, as: type, saturate: saturate)
          })
      })
  }
}
