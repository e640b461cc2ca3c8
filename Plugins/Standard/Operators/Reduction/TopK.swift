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
          guard outputs.isWritable(0) || outputs.isWritable(1) else { return }
          let axis = try normalized(axis: axis, rank: x.rank)
          switch x.type {
          // Doubles don't hold all integers of 64 bits.
          case .int64: try choose(x.pointer(as: Int64.self), x, axis: axis, largest, outputs)
          case .uint64: try choose(x.pointer(as: UInt64.self), x, axis: axis, largest, outputs)
          default:
            guard let values = try x.doubles() else { throw unsupported(x.type) }
            try values.withPointer { try choose($0, x, axis: axis, largest, outputs) }
          }
        })
    }
  }
}

private func choose<Element: Comparable>(
  _ values: UnsafePointer<Element>, _ x: TensorView, axis: Int, _ largest: Bool, _ outputs: Outputs
) throws {
  let view = AxisView(x.shape, axis: axis)
  let k = outputs.shape(0)[axis]
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
