import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX LogSoftmax.
  static func logSoftmax(_ host: Host) -> any Operator {
    SoftmaxOperator("LogSoftmax", host: host, logarithm: true)
  }
}
