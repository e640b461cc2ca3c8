import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Neg.
  static func neg(_ host: Host) -> any Operator {
    UnaryOperator("Neg", host: host, ZS_NEG)
  }
}
