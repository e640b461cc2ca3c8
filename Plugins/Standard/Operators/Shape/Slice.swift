import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Slice, with steps of either sign.
  static func slice(_ host: ZooHost) -> any Operator {
    ShapedOperator("Slice", since: 1) { node in
      let fixed = node.opset < 10
      let attributes = (
        starts: try node.attributes.ints("starts"), ends: try node.attributes.ints("ends"),
        axes: try node.attributes.ints("axes")
      )
      @Sendable func ranges(_ inputs: Inputs) throws -> (starts: [Int], counts: [Int], steps: [Int]) {
        let shape = try inputs[0].shape
        let from = try fixed ? attributes.starts ?? [] : inputs.ints(1)
        let to = try fixed ? attributes.ends ?? [] : inputs.ints(2)
        func given(_ index: Int) throws -> [Int]? {
          try fixed || inputs.optional(index) == nil ? nil : inputs.ints(index)
        }
        let (axes, strides) = (try fixed ? attributes.axes : given(3), try given(4))
        let named = try normalized(axes: axes ?? Array(from.indices), rank: shape.count)
        guard to.count == from.count, named.count == from.count, (strides ?? from).count == from.count else {
          throw OperatorError("starts, ends, axes and steps differ in length")
        }
        var starts = shape.map { _ in 0 }
        var counts = shape
        var steps = shape.map { _ in 1 }
        for (index, axis) in named.enumerated() {
          let extent = shape[axis]
          let step = strides?[index] ?? 1
          guard step != 0, step != Int.min else { throw OperatorError("a step must not be \(step)") }
          // Backwards, the place before the first element is a valid end.
          let (low, high) = step > 0 ? (0, extent) : (-1, extent - 1)
          func place(_ value: Int) -> Int { min(max(value < 0 ? value + extent : value, low), high) }
          let (first, end) = (place(from[index]), place(to[index]))
          starts[axis] = first
          steps[axis] = step
          let distance = step > 0 ? end - first : first - end
          counts[axis] = distance <= 0 ? 0 : (distance - 1) / abs(step) + 1
        }
        return (starts, counts, steps)
      }
      return ShapedOperator.Form(
        shapes: { inputs in [try ranges(inputs).counts] },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          let ranges = try ranges(inputs)
          let strides = rowMajorStrides(x.shape)
          let size = try x.elementByteCount
          let first = zip(ranges.starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
          copyStrided(
            source + first * size, to: target, shape: ranges.counts,
            strides: zip(strides, zip(ranges.counts, ranges.steps)).map { $1.0 > 1 ? $0 * $1.1 : 0 },
            elementByteCount: size, executor: outputs.executor)
        })
    }
  }
}
