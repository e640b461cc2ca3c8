import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Relu: max(0, x).
  static func relu(_ host: Host) -> any Operator {
    UnaryOperator("Relu", host: host, ZS_RELU)
  }
}
