import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Greater.
  static func greater(_ host: ZooHost) -> any Operator { compareOperator("Greater", ZS_GREATER) }
}
