import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX ThresholdedRelu: x where x > alpha, or 0.
  static func thresholdedRelu(_ host: Host) -> any Operator {
    UnaryOperator("ThresholdedRelu", host: host) { node in
      Activation(code: ZS_THRESHOLDED_RELU.code, a: try node.attributes.float("alpha") ?? 1)
    }
  }
}
