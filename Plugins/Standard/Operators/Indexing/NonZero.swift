import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX NonZero: the places of the elements that are not zero, a column each, in row-major order.
  static func nonZero(_ host: ZooHost) -> any Operator {
    ShapedOperator("NonZero", since: 9) { _ in
      return ShapedOperator.Form(
        shapes: { inputs in
          let x = try inputs[0]
          return [[max(x.rank, 1), try x.doubles().reduce(0) { $0 + ($1 != 0 ? 1 : 0) }]]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0) else { return }
          let values = try x.doubles()
          let target = outputs.pointer(0, as: Int64.self)
          let shape = x.rank == 0 ? [1] : x.shape
          let (strides, count) = (rowMajorStrides(shape), outputs.shape(0)[1])
          var number = 0
          for (place, value) in values.enumerated() where value != 0 {
            for axis in shape.indices { target[axis * count + number] = Int64(place / strides[axis] % shape[axis]) }
            number += 1
          }
        })
    }
  }
}
