import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Mul.
  static func mul(_ host: ZooHost) -> any Operator {
    BinaryOperator("Mul", host: host, ZS_MUL)
  }
}
