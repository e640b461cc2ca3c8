import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GreaterOrEqual.
  static func greaterOrEqual(_ host: ZooHost) -> any Operator {
    compareOperator("GreaterOrEqual", ZS_GREATER_OR_EQUAL)
  }
}
