import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX And.
  static func and(_ host: ZooHost) -> any Operator {
    BinaryOperator("And", host: host, ZS_AND)
  }
}
