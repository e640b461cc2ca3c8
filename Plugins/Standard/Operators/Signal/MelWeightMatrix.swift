import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX MelWeightMatrix: triangles on the mel scale, which turn a spectrum's bins into bands.
  static func melWeightMatrix(_ host: ZooHost) -> any Operator {
    ShapedOperator("MelWeightMatrix", since: 17) { _ in
      @Sendable func sizes(_ inputs: Inputs) throws -> (bands: Int, length: Int, rate: Int) {
        let (bands, length, rate) = (try inputs.int(0), try inputs.int(1), try inputs.int(2))
        guard (0...1 << 24).contains(bands), (1...1 << 32).contains(length), rate > 0 else {
          throw OperatorError("\(bands) bands of \(length) numbers at a rate of \(rate)")
        }
        return (bands, length, rate)
      }
      return ShapedOperator.Form(
        shapes: { inputs in
          let (bands, length, _) = try sizes(inputs)
          return [[length / 2 + 1, bands]]
        },
        compute: { inputs, outputs in
          guard outputs.isWritable(0), let low = try inputs[3].doubles().first, let high = try inputs[4].doubles().first
          else { return }
          let (bands, length, rate) = try sizes(inputs)
          let bins = length / 2 + 1
          // Edges of the bands, at equal distance in mel.
          let (from, to) = (
            2595 * each(ZS_LOG.code, 1 + low / 700) / each(ZS_LOG.code, 10),
            2595 * each(ZS_LOG.code, 1 + high / 700) / each(ZS_LOG.code, 10)
          )
          let step = (to - from) / Double(bands + 2)
          let edges = try outputs.call.host.scratch(bands + 2, of: Int.self)
          for index in edges.indices {
            let mel = from + Double(index) * step
            let hertz = 700 * (each(ZS_EXP.code, mel / 2595 * each(ZS_LOG.code, 10)) - 1)
            let place = (Double(length + 1) * hertz / Double(rate)).rounded(.down)
            guard place >= 0, place < Double(bins) else {
              throw OperatorError("a band's edge of \(hertz) Hz is outside the \(bins) bins")
            }
            edges[index] = Int(place)
          }
          let values = try outputs.call.host.scratch(repeating: 0.0, count: try bins.times(bands))
          for band in 0..<bands {
            let (lower, centre, upper) = (edges[band], edges[band + 1], edges[band + 2])
            if lower == centre {
              values[centre * bands + band] = 1
            } else {
              for bin in lower..<centre + 1 {
                values[bin * bands + band] = Double(bin - lower) / Double(centre - lower)
              }
            }
            if upper > centre {
              for bin in centre..<upper { values[bin * bands + band] = Double(upper - bin) / Double(upper - centre) }
            }
          }
          try store(values, to: outputs.data(0), as: outputs.type(0))
        })
    }
  }
}

private func each(_ function: Int32, _ x: Double) -> Double {
  var (value, result) = (x, 0.0)
  _ = zs_typed_unary(ElementType.float64.rawValue, function, &value, &result, 1, 0, 0)
  return result
}
