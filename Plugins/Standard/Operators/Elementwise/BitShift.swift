import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX BitShift.
  static func bitShift(_ host: ZooHost) -> any Operator {
    BinaryOperator("BitShift", host: host) { node in
      switch try node.attributes.string("direction") {
      case "LEFT": return ZS_SHIFT_LEFT
      case "RIGHT": return ZS_SHIFT_RIGHT
      case let other: throw OperatorError("BitShift has no direction \(other ?? "given")")
      }
    }
  }
}
