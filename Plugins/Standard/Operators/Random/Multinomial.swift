import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Multinomial: classes drawn by logarithms of unnormalised probabilities.
  static func multinomial(_ host: Host) -> any Operator {
    ShapedOperator("Multinomial", since: 7) { node in
      let seed = try node.attributes.float("seed")
      let samples = try node.attributes.int("sample_size") ?? 1
      let type = ElementType(rawValue: Int32(truncatingIfNeeded: try node.attributes.int("dtype") ?? 6))
      guard samples >= 0, type == .int32 || type == .int64 else {
        throw OperatorError("\(samples) samples of type \(type.name)")
      }
      return ShapedOperator.Form(
        outputs: { inputs in
          let x = try inputs[0]
          guard x.rank == 2, x[dimension: 1] > 0 else {
            throw OperatorError("the input has the shape \(x.shape), not [N, classes]")
          }
          _ = try elementCount([x[dimension: 0], samples])
          return [OutputType(type, [x[dimension: 0], samples])]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let logarithms = try x.doubles() else { return }
          var numbers = RandomNumbers(seed: seed)
          let classes = x[dimension: 1]
          var values: [Double] = []
          for row in 0..<x[dimension: 0] {
            let line = Array(logarithms[row * classes..<(row + 1) * classes])
            let greatest = line.max() ?? 0
            let shifted = line.map { $0 - greatest }
            var weights = shifted
            _ = zs_typed_unary(ElementType.float64.rawValue, ZS_EXP.code, shifted, &weights, classes, 0, 0)
            let sum = weights.reduce(0, +)
            for _ in 0..<samples {
              var rest = numbers.uniform() * sum
              var chosen = 0
              while chosen + 1 < classes, rest >= weights[chosen] {
                rest -= weights[chosen]
                chosen += 1
              }
              values.append(Double(chosen))
            }
          }
          zs_cast(ElementType.float64.rawValue, type.rawValue, values, outputs.data(0), values.count, 1)
        })
    }
  }
}
