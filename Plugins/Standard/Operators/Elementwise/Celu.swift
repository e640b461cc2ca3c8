import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Celu: max(0, x) + min(0, alpha · (e^(x / alpha) - 1)).
  static func celu(_ host: Host) -> any Operator {
    UnaryOperator("Celu", host: host) { node in
      Activation(code: ZS_CELU.code, a: try node.attributes.float("alpha") ?? 1)
    }
  }
}
