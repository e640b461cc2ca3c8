import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Or.
  static func or(_ host: ZooHost) -> any Operator {
    BinaryOperator("Or", host: host, ZS_OR)
  }
}
