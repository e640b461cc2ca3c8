import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX TopK: the k largest (or smallest) values along an axis, in order, and their places; of equals the first.
  static func topK(_ host: ZooHost) -> any Operator {
    ShapedOperator("TopK") { node in
      let axis = try node.attributes.int("axis") ?? -1
      let largest = try node.attributes.int("largest") ?? 1 != 0
      return ShapedOperator.Form(
        shapes: { inputs in
          var shape = try inputs[0].shape
          let axis = try normalized(axis: axis, rank: shape.count)
          let k = try inputs.int(1)
          guard k >= 0, k <= shape[axis] else { throw OperatorError("k is \(k), the axis holds \(shape[axis])") }
          shape[axis] = k
          return [shape, shape]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0) || outputs.isWritable(1) else { return }
          let axis = try normalized(axis: axis, rank: x.rank)
          switch x.type {
          // Doubles don't hold all integers of 64 bits.
          case .int64: try choose(x.pointer(as: Int64.self), x, axis: axis, largest, outputs)
          case .uint64: try choose(x.pointer(as: UInt64.self), x, axis: axis, largest, outputs)
          default:
            try x.doubles().withPointer { try choose($0, x, axis: axis, largest, outputs) }
          }
        })
    }
  }
}

private func choose<Element: Comparable>(
  _ values: UnsafePointer<Element>, _ x: TensorView, axis: Int, _ largest: Bool, _ outputs: Outputs
) throws {
  let view = AxisView(x.shape, axis: axis)
  let k = outputs.shape(outputs.data(0) == nil ? 1 : 0)[axis]
  let size = try x.elementByteCount
  let order = try x.host.scratch(k, of: Int.self)
  for row in 0..<view.outer * view.inner {
    let first = row / view.inner * view.length * view.inner + row % view.inner
    order.select(from: 0..<view.length) { left, right in
      let (a, b) = (values[first + left * view.inner], values[first + right * view.inner])
      if a == b { return left < right }
      // NaN is greater than all numbers.
      let (isOdd, isOther) = (a != a, b != b)
      if isOdd || isOther { return isOdd && isOther ? left < right : isOdd == largest }
      return largest ? a > b : a < b
    }
    let target = row / view.inner * k * view.inner + row % view.inner
    for (rank, place) in order.enumerated() {
      let to = target + rank * view.inner
      if let data = outputs.data(0), let source = x.data {
        (data + to * size).copyMemory(from: source + (first + place * view.inner) * size, byteCount: size)
      }
      if outputs.data(1) != nil { outputs.pointer(1, as: Int64.self)[to] = Int64(place) }
    }
  }
}
