import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX DynamicQuantizeLinear: to uint8, by the scale and zero point that the tensor's own range gives.
  static func dynamicQuantizeLinear(_ host: Host) -> any Operator {
    ShapedOperator("DynamicQuantizeLinear", since: 11) { _ in
      ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          let values = try x.floats()
          // Zero has to be among the numbers.
          let (least, greatest) = (min(0, values.min() ?? 0), max(0, values.max() ?? 0))
          let scale = greatest > least ? (greatest - least) / 255 : 1
          let zeroPoint = min(max(0, (-least / scale).rounded(.toNearestOrEven)), 255)
          if outputs.isWritable(0), let target = outputs.data(0) {
            outputs.executor.update(values) { _, value in
              min(max(0, (value / scale).rounded(.toNearestOrEven) + zeroPoint), 255)
            }
            try store(values, to: target, as: .uint8)
          }
          if outputs.data(1) != nil { outputs.pointer(1, as: Float.self)[0] = scale }
          if outputs.data(2) != nil { outputs.pointer(2, as: UInt8.self)[0] = UInt8(zeroPoint) }
        })
    }
  }
}
