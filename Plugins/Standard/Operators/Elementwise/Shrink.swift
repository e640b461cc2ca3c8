import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Shrink: towards 0 by bias outside ±lambd, 0 inside.
  static func shrink(_ host: Host) -> any Operator {
    UnaryOperator("Shrink", host: host) { node in
      Activation(
        code: ZS_SHRINK.code, a: try node.attributes.float("lambd") ?? 0.5, b: try node.attributes.float("bias") ?? 0)
    }
  }
}
