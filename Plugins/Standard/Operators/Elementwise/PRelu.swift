import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX PRelu: x, or slope · x below 0.
  static func pRelu(_ host: ZooHost) -> any Operator {
    BinaryOperator("PRelu", host: host, ZS_PRELU)
  }
}
