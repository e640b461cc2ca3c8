import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Add.
  static func add(_ host: ZooHost) -> any Operator {
    BinaryOperator("Add", host: host, ZS_ADD)
  }
}
