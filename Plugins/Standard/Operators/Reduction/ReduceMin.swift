import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX ReduceMin.
  static func reduceMin(_ host: ZooHost) -> any Operator {
    ReduceOperator(name: "ReduceMin", code: ZS_REDUCE_MIN, last: .nothing).make(host)
  }
}
