import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX ReduceL2.
  static func reduceL2(_ host: ZooHost) -> any Operator {
    ReduceOperator(name: "ReduceL2", code: ZS_SUM_SQUARE, last: .squareRoot).make(host)
  }
}
