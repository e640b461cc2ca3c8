import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX TopK: the k largest (or smallest) values along an axis, in order, and their places; of equals the first.
  static func topK(_ host: Host) -> any Operator {
    ShapedOperator("TopK") { node in
      let axis = try node.attributes.int("axis") ?? -1
      let largest = try node.attributes.int("largest") ?? 1 != 0
      let fixed = node.opset < 10 ? try node.attributes.int("k") : nil
      return ShapedOperator.Form(
        outputs: { inputs in
          let x = try inputs[0]
          var shape = x.shape
          let axis = try normalized(axis: axis, rank: shape.count)
          guard let k = try fixed ?? inputs.int(1) else { return [OutputType(x.type, nil), OutputType(.int64, nil)] }
          guard k >= 0, k <= shape[axis] else { throw OperatorError("k is \(k), the axis holds \(shape[axis])") }
          shape[axis] = k
          return [OutputType(x.type, shape), OutputType(.int64, shape)]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          let view = AxisView(x.shape, axis: try normalized(axis: axis, rank: x.rank))
          guard let values = try x.doubles() else {
            throw unsupported(x.type)
          }
          let k = outputs.shape(0)[try normalized(axis: axis, rank: x.rank)]
          let size = try x.elementByteCount
          for row in 0..<view.outer * view.inner {
            let first = row / view.inner * view.length * view.inner + row % view.inner
            func value(_ place: Int) -> Double { values[first + place * view.inner] }
            let order = (0..<view.length).sorted { left, right in
              let (a, b) = (value(left), value(right))
              return a == b ? left < right : largest ? a > b : a < b
            }
            let target = row / view.inner * k * view.inner + row % view.inner
            for (rank, place) in order.prefix(k).enumerated() {
              let to = target + rank * view.inner
              if let data = outputs.data(0), let source = x.data {
                (data + to * size).copyMemory(from: source + (first + place * view.inner) * size, byteCount: size)
              }
              if outputs.data(1) != nil { outputs.pointer(1, as: Int64.self)[to] = Int64(place) }
            }
          }
        })
    }
  }
}
