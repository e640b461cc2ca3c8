import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX BitwiseXor.
  static func bitwiseXor(_ host: ZooHost) -> any Operator {
    BinaryOperator("BitwiseXor", host: host, ZS_XOR)
  }
}
