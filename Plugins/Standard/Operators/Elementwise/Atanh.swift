import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Atanh.
  static func atanh(_ host: Host) -> any Operator {
    UnaryOperator("Atanh", host: host, ZS_ATANH)
  }
}
