import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX ReduceLogSum.
  static func reduceLogSum(_ host: ZooHost) -> any Operator {
    ReduceOperator(name: "ReduceLogSum", code: ZS_SUM, last: .logarithm).make(host)
  }
}
