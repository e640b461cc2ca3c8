import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Round, ties to even.
  static func round(_ host: Host) -> any Operator {
    UnaryOperator("Round", host: host, ZS_ROUND)
  }
}
