import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX BitwiseAnd.
  static func bitwiseAnd(_ host: Host) -> any Operator {
    BinaryOperator("BitwiseAnd", host: host, ZS_AND)
  }
}
