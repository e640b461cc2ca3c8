import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX And.
  static func and(_ host: Host) -> any Operator {
    BinaryOperator("And", host: host, type: .bool, ZS_AND)
  }
}
