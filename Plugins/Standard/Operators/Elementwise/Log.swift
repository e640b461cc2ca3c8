import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Log, natural.
  static func log(_ host: Host) -> any Operator {
    UnaryOperator("Log", host: host, ZS_LOG)
  }
}
