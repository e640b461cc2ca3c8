import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Softplus: ln(1 + eˣ).
  static func softplus(_ host: Host) -> any Operator {
    UnaryOperator("Softplus", host: host, ZS_SOFTPLUS)
  }
}
