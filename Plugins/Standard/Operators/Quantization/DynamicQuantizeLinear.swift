import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX DynamicQuantizeLinear: to uint8, by the scale and zero point that the tensor's own range gives.
  static func dynamicQuantizeLinear(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("DynamicQuantizeLinear", since: 11) { _ in
      ShapedOperator.Form(
        compute: { inputs, outputs in
          let tensor = try inputs[0]
          guard tensor.type == .float32 else { throw unsupported(tensor.type) }
          let (x, count) = (tensor.pointer(as: Float.self), tensor.count)
          let range = ByteRange(x, count, kernels, outputs.executor)
          if outputs.isWritable(0), let target = outputs.data(0) {
            outputs.executor.parallelRanges(count, grain: 16384) { part in
              kernels.raw.quantize_bytes(x + part.lowerBound, target + part.lowerBound, part.count, range.steps)
            }
          }
          if outputs.data(1) != nil { outputs.pointer(1, as: Float.self)[0] = range.scale }
          if outputs.data(2) != nil { outputs.pointer(2, as: UInt8.self)[0] = range.zeroPoint }
        })
    }
  }
}
