import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX ReduceMax.
  static func reduceMax(_ host: ZooHost) -> any Operator {
    ReduceOperator(name: "ReduceMax", code: ZS_REDUCE_MAX, last: .nothing).make(host)
  }
}
