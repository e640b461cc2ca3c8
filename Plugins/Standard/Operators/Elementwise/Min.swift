import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Min of any number of tensors.
  static func minimum(_ host: ZooHost) -> any Operator {
    VariadicOperator("Min", host: host, ZS_MIN)
  }
}
