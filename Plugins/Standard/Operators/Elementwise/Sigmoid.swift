import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Sigmoid: 1 / (1 + e⁻ˣ).
  static func sigmoid(_ host: Host) -> any Operator {
    UnaryOperator("Sigmoid", host: host, ZS_SIGMOID)
  }
}
