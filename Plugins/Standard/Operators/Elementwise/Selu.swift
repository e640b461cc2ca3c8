import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Selu: gamma · (x, or alpha · (eˣ - 1) below 0).
  static func selu(_ host: Host) -> any Operator {
    UnaryOperator("Selu", host: host) { node in
      // Opset 1 has rounded defaults.
      let first = node.opset < 6
      return Activation(
        code: ZS_SELU.code, a: try node.attributes.float("alpha") ?? (first ? 1.6732 : 1.67326319217681884765625),
        b: try node.attributes.float("gamma") ?? (first ? 1.0507 : 1.05070102214813232421875))
    }
  }
}
