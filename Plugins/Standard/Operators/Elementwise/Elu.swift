import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Elu: x, or alpha · (eˣ - 1) below 0.
  static func elu(_ host: Host) -> any Operator {
    UnaryOperator("Elu", host: host) { node in
      Activation(code: ZS_ELU.code, a: try node.attributes.float("alpha") ?? 1)
    }
  }
}
