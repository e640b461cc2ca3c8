import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Atan.
  static func atan(_ host: Host) -> any Operator {
    UnaryOperator("Atan", host: host, ZS_ATAN)
  }
}
