import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GlobalMaxPool.
  static func globalMaxPool(_ host: ZooHost) -> any Operator {
    GlobalPoolOperator("GlobalMaxPool", host: host, ZS_REDUCE_MAX)
  }
}
