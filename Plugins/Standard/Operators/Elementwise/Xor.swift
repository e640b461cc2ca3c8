import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Xor.
  static func xor(_ host: ZooHost) -> any Operator {
    BinaryOperator("Xor", host: host, ZS_XOR)
  }
}
