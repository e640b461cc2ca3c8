import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX SoftmaxCrossEntropyLoss: the logarithm of a softmax, which is the second output, and the loss of it.
  static func softmaxCrossEntropyLoss(_ host: ZooHost) -> any Operator {
    ShapedOperator("SoftmaxCrossEntropyLoss", since: 12) { node in
      let loss = try ClassLoss(node)
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          switch try inputs[0].type {
          case .float32: try compute(Float.self, loss, inputs, outputs)
          case .float64: try compute(Double.self, loss, inputs, outputs)
          default: throw unsupported(try inputs[0].type)
          }
        })
    }
  }

  private static func compute<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _: Number.Type, _ loss: ClassLoss, _ inputs: Inputs, _ outputs: Outputs
  ) throws {
    let x = try inputs[0]
    let scratch = outputs.data(1) == nil ? try x.host.scratch(x.count, of: Number.self) : nil
    try withExtendedLifetime(scratch) {
      let logarithms = scratch?.withPointer { $0 } ?? outputs.pointer(1)
      if x.count > 0 {
        try writeSoftmax(
          UnsafeMutableRawPointer(x.pointer(as: Number.self)), to: logarithms, AxisView(x.shape, axis: 1), type: x.type,
          logarithm: true,
          host: x.host, outputs.executor)
      }
      try loss.write(logarithms, inputs, outputs)
    }
  }
}
