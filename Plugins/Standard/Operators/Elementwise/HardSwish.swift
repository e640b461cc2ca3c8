import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX HardSwish: x · max(0, min(1, x / 6 + 0.5)).
  static func hardSwish(_ host: Host) -> any Operator {
    UnaryOperator("HardSwish", host: host, ZS_HARD_SWISH)
  }
}
