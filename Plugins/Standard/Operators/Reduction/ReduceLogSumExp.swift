import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX ReduceLogSumExp.
  static func reduceLogSumExp(_ host: ZooHost) -> any Operator {
    ReduceOperator(name: "ReduceLogSumExp", code: ZS_LOG_SUM_EXP, last: .nothing).make(host)
  }
}
