import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX STFT: the Fourier transforms of a signal's frames, each times a window.
  static func stft(_ host: ZooHost) -> any Operator {
    ShapedOperator("STFT", since: 17) { node in
      let isOneSided = try node.attributes.int("onesided") ?? 1 != 0
      @Sendable func sizes(_ inputs: Inputs) throws -> (step: Int, length: Int, frames: Int) {
        let x = try inputs[0]
        let step = try inputs.int(1)
        var length = try inputs.optional(3) == nil ? nil : inputs.int(3)
        if let window = inputs.optional(2) {
          guard window.rank == 1, window.type == x.type, length ?? window.count == window.count else {
            throw OperatorError("a window of shape \(window.shape) for frames of \(length ?? window.count)")
          }
          length = window.count
        }
        guard let length, length > 0, step > 0, length <= x[dimension: 1] else {
          throw OperatorError(
            "frames of \(length.map { "\($0)" } ?? "no") numbers every \(step) of \(x[dimension: 1])")
        }
        return (step, length, (x[dimension: 1] - length) / step + 1)
      }
      return ShapedOperator.Form(
        shapes: { inputs in
          let (_, length, frames) = try sizes(inputs)
          return [[try inputs[0][dimension: 0], frames, isOneSided ? length / 2 + 1 : length, 2]]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0) else { return }
          let ((step, length, frames), values) = (try sizes(inputs), try x.doubles())
          let window = try inputs.optional(2)?.doubles()
          let (samples, parts, bins) = (x[dimension: 1], x[dimension: 2], outputs.shape(0)[2])
          let transform = try FourierTransform(count: length, inverse: false, host: x.host)
          let results = try x.host.scratch(elementCount(outputs.shape(0)), of: Double.self)
          try forEachColumn(x[dimension: 0] * frames, transform, outputs) { frame, signal, spectrum, scratch in
            let first = frame / frames * samples + frame % frames * step
            for place in 0..<length {
              let (at, weight) = ((first + place) * parts, window?[place] ?? 1)
              signal[place] = (values[at] * weight, parts == 2 ? values[at + 1] * weight : 0)
            }
            transform.apply(signal, to: spectrum, scratch)
            for bin in 0..<bins {
              results[(frame * bins + bin) * 2] = spectrum[bin].re
              results[(frame * bins + bin) * 2 + 1] = spectrum[bin].im
            }
          }
          try store(results, to: outputs.data(0), as: x.type)
        })
    }
  }
}
