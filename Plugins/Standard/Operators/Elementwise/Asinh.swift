import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Asinh.
  static func asinh(_ host: Host) -> any Operator {
    UnaryOperator("Asinh", host: host, ZS_ASINH)
  }
}
