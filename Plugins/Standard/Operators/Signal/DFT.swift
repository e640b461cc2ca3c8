import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX DFT along one axis, of real or complex numbers (the last dimension holds one or both parts).
  static func dft(_ host: ZooHost) -> any Operator {
    ShapedOperator("DFT", since: 17) { node in
      let isInverse = try node.attributes.int("inverse") ?? 0 != 0
      let isOneSided = try node.attributes.int("onesided") ?? 0 != 0
      let isAttribute = node.opset < 20
      let given = try node.attributes.int("axis") ?? 1
      /// The axis and the length of the transform.
      @Sendable func sizes(_ inputs: Inputs) throws -> (axis: Int, length: Int) {
        let x = try inputs[0]
        var axis = isAttribute ? given : -2
        if !isAttribute, inputs.optional(2) != nil { axis = try inputs.int(2) }
        let place = try normalized(axis: axis, rank: x.rank)
        guard place < x.rank - 1 else { throw OperatorError("axis \(axis) holds the parts of the numbers") }
        // Of a one-sided spectrum, an even length is taken for the whole one's.
        let isHalf = isInverse && isOneSided
        var length = isHalf ? max(2 * (x[dimension: place] - 1), 1) : x[dimension: place]
        if inputs.optional(1) != nil { length = try inputs.int(1) }
        guard length > 0, length <= 1 << 32 else { throw OperatorError("a transform of \(length) numbers") }
        return (place, length)
      }
      return ShapedOperator.Form(
        shapes: { inputs in
          let (axis, length) = try sizes(inputs)
          var shape = try inputs[0].shape
          shape[axis] = isOneSided && !isInverse ? length / 2 + 1 : length
          shape[shape.count - 1] = isInverse && isOneSided ? 1 : 2
          return [shape]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0) else {
            return
          }
          let ((axis, length), values) = (try sizes(inputs), try x.doubles())
          let shape = outputs.shape(0)
          let parts = x[dimension: x.rank - 1]
          let outParts = shape[x.rank - 1]
          let view = AxisView(Array(x.shape.dropLast()), axis: axis)
          let transform = try FourierTransform(count: length, inverse: isInverse, host: x.host)
          let factor = isInverse ? 1 / Double(length) : 1
          let results = try x.host.scratch(elementCount(shape), of: Double.self)
          try forEachColumn(view.outer * view.inner, transform, outputs) { column, signal, spectrum, scratch in
            let (outer, inner) = (column / view.inner, column % view.inner)
            for place in 0..<length {
              let at = ((outer * view.length + place) * view.inner + inner) * parts
              signal[place] = place < view.length ? (values[at], parts == 2 ? values[at + 1] : 0) : (0, 0)
            }
            if isInverse, isOneSided {
              // The other side is conjugate.
              for place in (length / 2 + 1)..<max(length, length / 2 + 1) {
                signal[place] = (signal[length - place].re, -signal[length - place].im)
              }
            }
            transform.apply(signal, to: spectrum, scratch)
            for place in 0..<shape[axis] {
              let at = ((outer * shape[axis] + place) * view.inner + inner) * outParts
              results[at] = spectrum[place].re * factor
              if outParts == 2 { results[at + 1] = spectrum[place].im * factor }
            }
          }
          try store(results, to: outputs.data(0), as: x.type)
        })
    }
  }
}

/// Calls `body` for every column on all workers, with memory for the signal, its spectrum and the transform's scratch.
func forEachColumn(
  _ count: Int, _ transform: FourierTransform, _ outputs: Outputs,
  _ body: (
    _ column: Int, _ signal: UnsafeMutablePointer<FourierTransform.Complex>,
    _ spectrum: UnsafeMutablePointer<FourierTransform.Complex>,
    _ scratch: UnsafeMutablePointer<FourierTransform.Complex>
  ) -> Void
) throws {
  let room = 2 * transform.count + transform.scratchCount
  let memory = try outputs.call.host.scratch(
    try outputs.executor.workerCount.times(room), of: FourierTransform.Complex.self)
  let tasks = min(count, max(1, count * transform.count / 4096))
  memory.withPointer { memory in
    nonisolated(unsafe) let memory = memory
    outputs.executor.parallelFor(tasks) { task, worker in
      let signal = memory + worker * room
      for column in count * task / tasks..<count * (task + 1) / tasks {
        body(column, signal, signal + transform.count, signal + 2 * transform.count)
      }
    }
  }
}
