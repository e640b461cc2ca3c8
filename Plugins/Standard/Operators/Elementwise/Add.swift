import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Add.
  static func add(_ host: Host) -> any Operator {
    BinaryOperator("Add", host: host, ZS_ADD)
  }
}
