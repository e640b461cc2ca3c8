import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX HardSigmoid: max(0, min(1, alpha · x + beta)).
  static func hardSigmoid(_ host: Host) -> any Operator {
    UnaryOperator("HardSigmoid", host: host) { node in
      Activation(
        code: ZS_HARD_SIGMOID.code, a: try node.attributes.float("alpha") ?? 0.2,
        b: try node.attributes.float("beta") ?? 0.5)
    }
  }
}
