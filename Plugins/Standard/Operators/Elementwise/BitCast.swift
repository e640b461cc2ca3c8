import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX BitCast: the same bits as elements of another type of the same width.
  static func bitCast(_ host: ZooHost) -> any Operator {
    ShapedOperator("BitCast", since: 26) { node in
      guard let number = try node.attributes.int("to") else { throw OperatorError("attribute to names no type") }
      let type = ElementType(rawValue: Int32(truncatingIfNeeded: number))
      let from = try node.input(0).type
      guard type.bitWidth > 0, type.bitWidth == from.bitWidth, type != .string else {
        throw OperatorError("elements of type \(from) can't be taken for \(type)", kind: .unsupported)
      }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard let source = x.data, let target = outputs.data(0) else { return }
          target.copyMemory(from: source, byteCount: (x.count * type.bitWidth + 7) / 8)
        })
    }
  }
}
