import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Div; integers towards zero.
  static func div(_ host: ZooHost) -> any Operator {
    BinaryOperator("Div", host: host, ZS_DIV)
  }
}
