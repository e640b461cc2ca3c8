import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX LessOrEqual.
  static func lessOrEqual(_ host: ZooHost) -> any Operator {
    compareOperator("LessOrEqual", ZS_LESS_OR_EQUAL)
  }
}
