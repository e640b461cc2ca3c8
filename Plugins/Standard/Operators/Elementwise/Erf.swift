import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Erf, the error function.
  static func erf(_ host: Host) -> any Operator {
    UnaryOperator("Erf", host: host, ZS_ERF)
  }
}
