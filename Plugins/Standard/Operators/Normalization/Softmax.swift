import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Softmax.
  static func softmax(_ host: ZooHost) -> any Operator {
    SoftmaxOperator("Softmax", host: host, logarithm: false)
  }
}
