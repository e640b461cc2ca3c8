import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Mean of any number of tensors.
  static func mean(_ host: ZooHost) -> any Operator {
    VariadicOperator("Mean", host: host, ZS_ADD, mean: true)
  }
}
