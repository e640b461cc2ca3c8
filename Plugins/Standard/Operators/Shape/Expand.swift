import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Expand by broadcasting.
  static func expand(_ host: ZooHost) -> any Operator {
    ShapedOperator("Expand", since: 8) { node in
      ShapedOperator.Form(
        shapes: { inputs in [try broadcastShape([inputs[0].shape, inputs.ints(1)])] },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          let shape = outputs.shape(0)
          let strides = zip(x.shape, rowMajorStrides(x.shape)).map { $0 == 1 ? 0 : $1 }
          copyStrided(
            source, to: target, shape: shape,
            strides: [Int](repeating: 0, count: shape.count - strides.count) + strides,
            elementByteCount: try x.elementByteCount, executor: outputs.executor)
        })
    }
  }
}
