import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Multinomial: classes drawn by logarithms of unnormalised probabilities.
  static func multinomial(_ host: ZooHost) -> any Operator {
    ShapedOperator("Multinomial", since: 7) { node in
      let seed = try node.attributes.float("seed")
      let samples = try node.attributes.int("sample_size") ?? 1
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0) else { return }
          let logarithms = try x.doubles()
          var numbers = RandomNumbers(seed: seed)
          let classes = x[dimension: 1]
          let weights = try x.host.scratch(classes, of: Double.self)
          var sum = 0.0
          try outputs.writeEach { index in
            if index % samples == 0 { sum = probabilities(logarithms, index / samples * classes, weights) }
            var rest = numbers.uniform() * sum
            var chosen = 0
            while chosen + 1 < classes, rest >= weights[chosen] {
              rest -= weights[chosen]
              chosen += 1
            }
            return Double(chosen)
          }
        })
    }
  }
}

/// Writes unnormalised probabilities of the row that begins at `first`.
///
/// - Returns: their sum.
private func probabilities(_ logarithms: Scratch<Double>, _ first: Int, _ weights: Scratch<Double>) -> Double {
  let classes = weights.count
  let greatest = logarithms[first..<first + classes].max() ?? 0
  for index in 0..<classes { weights[index] = logarithms[first + index] - greatest }
  weights.withPointer { _ = zs_typed_unary(ElementType.float64.rawValue, ZS_EXP.code, $0, $0, classes, 0, 0) }
  return weights.reduce(0, +)
}
