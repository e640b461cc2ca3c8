import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX IsInf, of the signs asked for.
  static func isInf(_ host: ZooHost) -> any Operator {
    ShapedOperator("IsInf", since: 10) { node in
      let negative = try node.attributes.int("detect_negative") ?? 1 != 0
      let positive = try node.attributes.int("detect_positive") ?? 1 != 0
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          guard outputs.isWritable(0) else { return }
          let values = try inputs[0].doubles()
          let target = outputs.pointer(0, as: Bool.self)
          for (index, value) in values.enumerated() {
            target[index] = value.isInfinite && (value < 0 ? negative : positive)
          }
        })
    }
  }
}
