import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX STFT: the Fourier transforms of a signal's frames, each times a window.
  static func stft(_ host: Host) -> any Operator {
    ShapedOperator("STFT", since: 17) { node in
      let isOneSided = try node.attributes.int("onesided") ?? 1 != 0
      @Sendable func sizes(_ inputs: Inputs) throws -> (step: Int, length: Int, frames: Int)? {
        let x = try inputs[0]
        guard x.type.isFloat else { throw unsupported(x.type) }
        guard x.rank == 3, [1, 2].contains(x[dimension: 2]) else {
          throw OperatorError("the signal has the shape \(x.shape), not [N, length, 1] or [N, length, 2]")
        }
        guard let step = try inputs.int(1) else { return nil }
        var length: Int?
        if inputs.optional(3) != nil {
          length = try inputs.int(3)
          if length == nil { return nil }
        }
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
        outputs: { inputs in
          let x = try inputs[0]
          guard let (_, length, frames) = try sizes(inputs) else { return [OutputType(x.type, nil)] }
          return [OutputType(x.type, [x[dimension: 0], frames, isOneSided ? length / 2 + 1 : length, 2])]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let (step, length, frames) = try sizes(inputs), let values = try x.doubles()
          else { return }
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
    }.withHalves()
  }
}
