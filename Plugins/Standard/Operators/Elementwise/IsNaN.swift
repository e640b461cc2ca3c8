import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX IsNaN.
  static func isNaN(_ host: ZooHost) -> any Operator {
    ShapedOperator("IsNaN", since: 9) { node in
      ShapedOperator.Form(
        compute: { inputs, outputs in
          guard outputs.isWritable(0) else { return }
          let values = try inputs[0].doubles()
          let target = outputs.pointer(0, as: Bool.self)
          for (index, value) in values.enumerated() { target[index] = value.isNaN }
        })
    }
  }
}
