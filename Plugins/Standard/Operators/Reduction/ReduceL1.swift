import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX ReduceL1.
  static func reduceL1(_ host: ZooHost) -> any Operator {
    ReduceOperator(name: "ReduceL1", code: ZS_SUM_ABS, last: .nothing).make(host)
  }
}
