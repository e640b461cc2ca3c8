import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Equal.
  static func equal(_ host: ZooHost) -> any Operator { compareOperator("Equal", ZS_EQUAL) }
}
