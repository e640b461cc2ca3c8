import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Sin.
  static func sin(_ host: Host) -> any Operator {
    UnaryOperator("Sin", host: host, ZS_SIN)
  }
}
