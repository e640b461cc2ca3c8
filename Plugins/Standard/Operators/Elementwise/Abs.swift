import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Abs.
  static func absolute(_ host: Host) -> any Operator {
    UnaryOperator("Abs", host: host, ZS_ABS)
  }
}
