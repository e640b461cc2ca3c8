import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Asin.
  static func asin(_ host: Host) -> any Operator {
    UnaryOperator("Asin", host: host, ZS_ASIN)
  }
}
