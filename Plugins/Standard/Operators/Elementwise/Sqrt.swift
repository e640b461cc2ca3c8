import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Sqrt.
  static func sqrt(_ host: Host) -> any Operator {
    UnaryOperator("Sqrt", host: host, ZS_SQRT)
  }
}
