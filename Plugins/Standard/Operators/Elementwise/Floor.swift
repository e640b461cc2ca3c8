import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Floor.
  static func floor(_ host: Host) -> any Operator {
    UnaryOperator("Floor", host: host, ZS_FLOOR)
  }
}
