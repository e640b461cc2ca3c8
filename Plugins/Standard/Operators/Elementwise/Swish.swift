import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Swish: x · sigmoid(alpha · x).
  static func swish(_ host: Host) -> any Operator {
    UnaryOperator("Swish", host: host) { node in
      Activation(code: ZS_SWISH.code, a: try node.attributes.float("alpha") ?? 1)
    }
  }
}
