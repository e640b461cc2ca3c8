import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX BitwiseNot.
  static func bitwiseNot(_ host: Host) -> any Operator {
    UnaryOperator("BitwiseNot", host: host, ZS_BITWISE_NOT)
  }
}
