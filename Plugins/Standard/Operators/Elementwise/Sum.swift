import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Sum of any number of tensors.
  static func sum(_ host: ZooHost) -> any Operator {
    VariadicOperator("Sum", host: host, ZS_ADD)
  }
}
