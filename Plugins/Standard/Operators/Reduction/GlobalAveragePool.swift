import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX GlobalAveragePool.
  static func globalAveragePool(_ host: Host) -> any Operator {
    GlobalPoolOperator("GlobalAveragePool", host: host, ZS_SUM).withHalves()
  }
}
