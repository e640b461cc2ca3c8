import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX Size: the number of elements.
  static func size(_ host: ZooHost) -> any Operator {
    ShapedOperator("Size", since: 1) { node in
      ShapedOperator.Form(
        compute: { inputs, outputs in outputs.pointer(0, as: Int64.self)[0] = Int64(try inputs[0].count) })
    }
  }
}
