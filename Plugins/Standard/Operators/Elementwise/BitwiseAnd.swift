import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX BitwiseAnd.
  static func bitwiseAnd(_ host: ZooHost) -> any Operator {
    BinaryOperator("BitwiseAnd", host: host, ZS_AND)
  }
}
