import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Sign.
  static func sign(_ host: Host) -> any Operator {
    UnaryOperator("Sign", host: host, ZS_SIGN)
  }
}
