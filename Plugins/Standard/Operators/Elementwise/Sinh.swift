import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Sinh.
  static func sinh(_ host: Host) -> any Operator {
    UnaryOperator("Sinh", host: host, ZS_SINH)
  }
}
