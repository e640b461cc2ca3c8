import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX LeakyRelu: x, or alpha · x below 0.
  static func leakyRelu(_ host: Host) -> any Operator {
    UnaryOperator("LeakyRelu", host: host) { node in
      Activation(code: ZS_LEAKY_RELU.code, a: try node.attributes.float("alpha") ?? 0.01)
    }
  }
}
