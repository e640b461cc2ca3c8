import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Acos.
  static func acos(_ host: Host) -> any Operator {
    UnaryOperator("Acos", host: host, ZS_ACOS)
  }
}
