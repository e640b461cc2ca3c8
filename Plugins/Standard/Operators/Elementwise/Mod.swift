import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Mod: the sign of the divisor, or of the dividend with fmod.
  static func mod(_ host: ZooHost) -> any Operator {
    BinaryOperator("Mod", host: host) { node in
      try node.attributes.int("fmod") ?? 0 == 0 ? ZS_MOD : ZS_FMOD
    }
  }
}
