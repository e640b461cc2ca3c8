import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX NonZero: the places of the elements that are not zero, a column each, in row-major order.
  static func nonZero(_ host: Host) -> any Operator {
    ShapedOperator("NonZero", since: 9) { _ in
      @Sendable func places(_ x: TensorView) throws -> [Int]? {
        try x.doubles().map { values in values.indices.filter { values[$0] != 0 } }
      }
      return ShapedOperator.Form(
        outputs: { inputs in
          let x = try inputs[0]
          return [OutputType(.int64, try places(x).map { [max(x.rank, 1), $0.count] })]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let places = try places(x) else { return }
          let target = outputs.pointer(0, as: Int64.self)
          let shape = x.rank == 0 ? [1] : x.shape
          for (axis, stride) in rowMajorStrides(shape).enumerated() {
            for (number, place) in places.enumerated() {
              target[axis * places.count + number] = Int64(place / stride % shape[axis])
            }
          }
        })
    }
  }
}
