import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX ReduceSumSquare.
  static func reduceSumSquare(_ host: ZooHost) -> any Operator {
    ReduceOperator(name: "ReduceSumSquare", code: ZS_SUM_SQUARE, last: .nothing).make(host)
  }
}
