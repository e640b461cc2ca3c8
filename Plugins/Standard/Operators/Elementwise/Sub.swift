import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Sub.
  static func sub(_ host: ZooHost) -> any Operator {
    BinaryOperator("Sub", host: host, ZS_SUB)
  }
}
