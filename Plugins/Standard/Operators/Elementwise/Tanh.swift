import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Tanh.
  static func tanh(_ host: Host) -> any Operator {
    UnaryOperator("Tanh", host: host, ZS_TANH)
  }
}
