import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX ReduceMean.
  static func reduceMean(_ host: ZooHost) -> any Operator {
    ReduceOperator(name: "ReduceMean", code: ZS_SUM, last: .mean).make(host)
  }
}
