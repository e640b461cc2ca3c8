import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Range: from a start, below a limit, by a step.
  static func range(_ host: ZooHost) -> any Operator {
    ShapedOperator("Range", since: 11) { node in
      ShapedOperator.Form(
        shapes: { inputs in [[try count(inputs)]] },
        compute: { inputs, outputs in
          guard outputs.isWritable(0) else { return }
          if try inputs[0].type.isFloat {
            let (start, step) = (try number(inputs, 0), try number(inputs, 2))
            return try outputs.writeEach { start + Double($0) * step }
          }
          let (start, step) = (try integer(inputs, 0), try integer(inputs, 2))
          try outputs.writeIntegers { start &+ $0 &* step }
        })
    }
  }
}

private func number(_ inputs: Inputs, _ index: Int) throws -> Double { try inputs[index].doubles().first ?? 0 }

private func integer(_ inputs: Inputs, _ index: Int) throws -> Int {
  let tensor = try inputs[index]
  var value: Int64 = 0
  guard tensor.type != .uint64,
    zs_cast(tensor.type.rawValue, ElementType.int64.rawValue, tensor.data, &value, 1, 1) == 1
  else { throw unsupported(tensor.type) }
  return Int(value)
}

/// How many numbers there are.
private func count(_ inputs: Inputs) throws -> Int {
  guard try !inputs[0].type.isFloat else {
    let (start, limit, step) = (try number(inputs, 0), try number(inputs, 1), try number(inputs, 2))
    let count = ((limit - start) / step).rounded(.up)
    guard step != 0, count < 0x1p47 else { throw OperatorError("no range from \(start) to \(limit) by \(step)") }
    // Where something is no number, nothing follows the start.
    return count > 0 ? Int(count) : 0
  }
  let (start, limit, step) = (try integer(inputs, 0), try integer(inputs, 1), try integer(inputs, 2))
  guard step != 0 else { throw OperatorError("no range from \(start) to \(limit) by 0") }
  guard step > 0 ? start < limit : start > limit else { return 0 }
  // The distance of two integers may need the sign's bit.
  let distance = UInt(bitPattern: step > 0 ? limit &- start : start &- limit)
  let count = (distance - 1) / step.magnitude + 1
  guard count < 1 << 47 else { throw OperatorError("no range from \(start) to \(limit) by \(step)") }
  return Int(count)
}
