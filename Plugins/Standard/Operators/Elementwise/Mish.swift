import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Mish: x · tanh(ln(1 + eˣ)).
  static func mish(_ host: Host) -> any Operator {
    UnaryOperator("Mish", host: host, ZS_MISH)
  }
}
