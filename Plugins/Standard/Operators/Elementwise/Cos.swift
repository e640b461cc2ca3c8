import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Cos.
  static func cos(_ host: Host) -> any Operator {
    UnaryOperator("Cos", host: host, ZS_COS)
  }
}
