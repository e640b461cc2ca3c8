import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX LogSoftmax.
  static func logSoftmax(_ host: ZooHost) -> any Operator {
    SoftmaxOperator("LogSoftmax", host: host, logarithm: true)
  }
}
