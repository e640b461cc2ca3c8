import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Ceil.
  static func ceil(_ host: Host) -> any Operator {
    UnaryOperator("Ceil", host: host, ZS_CEIL)
  }
}
