import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Less.
  static func less(_ host: Host) -> any Operator { compareOperator("Less", ZS_LESS) }
}
