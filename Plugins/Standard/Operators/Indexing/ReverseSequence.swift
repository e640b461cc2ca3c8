import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX ReverseSequence: the first steps of each sequence of a batch in reverse, as many as its length says.
  static func reverseSequence(_ host: ZooHost) -> any Operator {
    ShapedOperator("ReverseSequence", since: 10) { node in
      let batchAxis = try node.attributes.int("batch_axis") ?? 1
      let timeAxis = try node.attributes.int("time_axis") ?? 0
      guard [batchAxis, timeAxis].sorted() == [0, 1] else {
        throw OperatorError("batch_axis \(batchAxis) and time_axis \(timeAxis) are not 0 and 1")
      }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0),
            let lengths = try inputs[1].integers()
          else { return }
          let (batch, steps) = (x[dimension: batchAxis], x[dimension: timeAxis])
          for length in lengths where length < 0 || length > steps {
            throw OperatorError("a length of \(length) among sequences of \(steps) steps")
          }
          let bytes = x.shape[2...].reduce(try x.elementByteCount, *)
          for row in 0..<batch {
            for step in 0..<steps {
              let from = step < lengths[row] ? lengths[row] - 1 - step : step
              func place(_ step: Int) -> Int { batchAxis == 0 ? row * steps + step : step * batch + row }
              (target + place(step) * bytes).copyMemory(from: source + place(from) * bytes, byteCount: bytes)
            }
          }
        })
    }
  }
}
