import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GlobalAveragePool.
  static func globalAveragePool(_ host: ZooHost) -> any Operator {
    GlobalPoolOperator("GlobalAveragePool", host: host, ZS_SUM)
  }
}
