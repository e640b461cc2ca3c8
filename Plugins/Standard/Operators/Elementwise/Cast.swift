import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Cast.
  static func cast(_ host: ZooHost) -> any Operator {
    ShapedOperator("Cast") { node in
      // Opset 1 names the type in place of giving its number.
      let names = ["FLOAT": 1, "UINT8": 2, "INT8": 3, "UINT16": 4, "INT16": 5, "INT32": 6, "INT64": 7, "BOOL": 9]
        .merging(["FLOAT16": 10, "DOUBLE": 11, "UINT32": 12, "UINT64": 13]) { $1 }
      let number =
        node.opset < 6 ? try node.attributes.string("to").flatMap { names[$0] } : try node.attributes.int("to")
      guard let number else { throw OperatorError("attribute to names no type") }
      return try castForm(node, to: ElementType(rawValue: Int32(truncatingIfNeeded: number)))
    }
  }
}

/// Converts input 0 to `type`.
func castForm(_ node: Node, to type: ElementType) throws -> ShapedOperator.Form {
  if try type == .string || node.input(0).type == .string { return textCastForm(to: type) }
  let how = try castRounding(node.attributes)
  guard zs_cast(ElementType.float32.rawValue, type.rawValue, nil, nil, 0, 1) == 1, type.bitWidth > 0 else {
    throw unsupported(type)
  }
  return ShapedOperator.Form(
    compute: { inputs, outputs in
      let x = try inputs[0]
      guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
      var probe: UInt64 = 0
      guard zs_cast(x.type.rawValue, type.rawValue, source, &probe, 1, how) == 1 else { throw unsupported(x.type) }
      if x.type.bitWidth < 8 || type.bitWidth < 8 {
        zs_cast(x.type.rawValue, type.rawValue, source, target, x.count, how)
        return
      }
      let (from, to) = (try x.elementByteCount, try type.elementByteCount)
      outputs.executor.parallelRanges(x.count, grain: 16384) { range in
        if x.type == type {
          (target + range.lowerBound * to).copyMemory(from: source + range.lowerBound * to, byteCount: range.count * to)
        } else {
          zs_cast(
            x.type.rawValue, type.rawValue, source + range.lowerBound * from, target + range.lowerBound * to,
            range.count,
            how)
        }
      }
    })
}

/// The bits of `zs_rounding` that Cast's attributes ask for.
private func castRounding(_ attributes: Attributes) throws -> Int32 {
  let saturates = try attributes.int("saturate") ?? 1 != 0 ? ZS_SATURATE.rawValue : 0
  switch try attributes.string("round_mode") ?? "up" {
  case "up": return Int32(saturates)
  case "down": return Int32(saturates | ZS_ROUND_DOWN.rawValue)
  case "nearest": return Int32(saturates | ZS_ROUND_NEAREST.rawValue)
  case let other: throw OperatorError("round_mode is \"\(other)\", not up, down or nearest")
  }
}
