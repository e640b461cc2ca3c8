import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX BitwiseOr.
  static func bitwiseOr(_ host: ZooHost) -> any Operator {
    BinaryOperator("BitwiseOr", host: host, ZS_OR)
  }
}
