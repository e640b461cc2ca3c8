import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Reciprocal.
  static func reciprocal(_ host: Host) -> any Operator {
    UnaryOperator("Reciprocal", host: host, ZS_RECIPROCAL)
  }
}
