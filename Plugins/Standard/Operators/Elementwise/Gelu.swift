import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Gelu: x · Φ(x), exactly or with tanh.
  static func gelu(_ host: Host) -> any Operator {
    UnaryOperator("Gelu", host: host, since: 20) { node in
      let approximation = try node.attributes.string("approximate") ?? "none"
      return Activation(code: approximation == "tanh" ? ZS_GELU_TANH.code : ZS_GELU.code)
    }
  }
}
