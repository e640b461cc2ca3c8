import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Not.
  static func not(_ host: Host) -> any Operator {
    UnaryOperator("Not", host: host, ZS_BITWISE_NOT)
  }
}
