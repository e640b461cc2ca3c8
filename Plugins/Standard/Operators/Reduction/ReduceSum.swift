import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX ReduceSum.
  static func reduceSum(_ host: ZooHost) -> any Operator {
    ReduceOperator(name: "ReduceSum", code: ZS_SUM, last: .nothing).make(host)
  }
}
