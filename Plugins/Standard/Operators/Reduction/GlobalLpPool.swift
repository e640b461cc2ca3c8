import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GlobalLpPool: the p-norm of each channel.
  static func globalLpPool(_ host: ZooHost) -> any Operator {
    ShapedOperator("GlobalLpPool") { node in
      // Opset 1 gives a float.
      let whole = try? node.attributes.int("p")
      let power = try whole.flatMap { $0 }.map { Double($0) } ?? node.attributes.float("p").map { Double($0) } ?? 2
      guard power > 0 else { throw OperatorError("p is \(power), which is no norm") }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0) else { return }
          let values = try x.doubles()
          let positions = x.count / (x[dimension: 0] * x[dimension: 1])
          values.withPointer { raise($0, values.count, to: power) }
          try outputs.write { range, norms in
            for channel in range {
              norms[channel - range.lowerBound] =
                values[channel * positions..<(channel + 1) * positions].reduce(0, +)
            }
            raise(norms, range.count, to: 1 / power)
          }
        })
    }
  }
}

/// The magnitudes to a power.
private func raise(_ values: UnsafeMutablePointer<Double>, _ count: Int, to power: Double) {
  for index in 0..<count {
    let value = abs(values[index])
    values[index] = power == 2 ? value * value : power == 0.5 ? value.squareRoot() : value
  }
  guard power != 1, power != 2, power != 0.5 else { return }
  var exponent = power
  _ = zs_typed_binary(ElementType.float64.rawValue, ZS_POW.code, values, 1, &exponent, 0, values, count)
}
