import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Less.
  static func less(_ host: ZooHost) -> any Operator { compareOperator("Less", ZS_LESS) }
}
