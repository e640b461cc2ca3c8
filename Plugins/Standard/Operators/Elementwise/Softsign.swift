import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Softsign: x / (1 + |x|).
  static func softsign(_ host: Host) -> any Operator {
    UnaryOperator("Softsign", host: host, ZS_SOFTSIGN)
  }
}
