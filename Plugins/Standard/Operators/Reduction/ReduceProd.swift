import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX ReduceProd.
  static func reduceProd(_ host: ZooHost) -> any Operator {
    ReduceOperator(name: "ReduceProd", code: ZS_PROD, last: .nothing).make(host)
  }
}
