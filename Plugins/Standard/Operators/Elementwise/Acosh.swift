import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Acosh.
  static func acosh(_ host: Host) -> any Operator {
    UnaryOperator("Acosh", host: host, ZS_ACOSH)
  }
}
