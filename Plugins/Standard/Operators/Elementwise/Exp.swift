import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Exp.
  static func exp(_ host: Host) -> any Operator {
    UnaryOperator("Exp", host: host, ZS_EXP)
  }
}
