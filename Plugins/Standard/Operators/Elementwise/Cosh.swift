import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Cosh.
  static func cosh(_ host: Host) -> any Operator {
    UnaryOperator("Cosh", host: host, ZS_COSH)
  }
}
