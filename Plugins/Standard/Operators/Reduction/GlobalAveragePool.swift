import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GlobalAveragePool.
  static func globalAveragePool(_ host: Host) -> any Operator {
    GlobalPoolOperator("GlobalAveragePool", host: host, ZS_SUM)
  }
}
