import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Max of any number of tensors.
  static func maximum(_ host: ZooHost) -> any Operator {
    VariadicOperator("Max", host: host, ZS_MAX)
  }
}
