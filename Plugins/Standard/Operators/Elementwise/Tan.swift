import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Tan.
  static func tan(_ host: Host) -> any Operator {
    UnaryOperator("Tan", host: host, ZS_TAN)
  }
}
