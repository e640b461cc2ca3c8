import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Compress: the slices along an axis, or the elements, for which a condition holds.
  static func compress(_ host: ZooHost) -> any Operator {
    ShapedOperator("Compress", since: 9) { node in
      let axis = try node.attributes.int("axis")
      /// The shape as one with the axis, and the places that are kept.
      @Sendable func choice(_ inputs: Inputs) throws -> (axis: Int?, view: AxisView, kept: Kept) {
        let (x, condition) = (try inputs[0], try inputs[1])
        let place = try axis.map { try normalized(axis: $0, rank: x.rank) }
        let view = place.map { AxisView(x.shape, axis: $0) } ?? AxisView([x.count], axis: 0)
        return (place, view, try Kept(condition, of: view.length))
      }
      return ShapedOperator.Form(
        shapes: { inputs in
          let (place, _, kept) = try choice(inputs)
          var shape = place == nil ? [0] : try inputs[0].shape
          shape[place ?? 0] = kept.count
          return [shape]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          let (_, view, kept) = try choice(inputs)
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          let bytes = view.inner * (try x.elementByteCount)
          for outer in 0..<view.outer {
            var to = target + outer * kept.count * bytes
            for place in 0..<kept.places where kept.values[place] != 0 {
              to.copyMemory(from: source + (outer * view.length + place) * bytes, byteCount: bytes)
              to += bytes
            }
          }
        })
    }
  }
}

/// The places that a condition keeps.
private struct Kept {
  let values: UnsafePointer<UInt8>
  /// Places that the condition speaks of, and how many of them stay.
  let places, count: Int

  /// - Throws: `OperatorError` where it keeps a place beyond `length`.
  init(_ condition: TensorView, of length: Int) throws {
    let values = UnsafePointer(condition.pointer(as: UInt8.self))
    guard (length..<max(length, condition.count)).allSatisfy({ values[$0] == 0 }) else {
      throw OperatorError("the condition has \(condition.count) values for \(length) places")
    }
    self.values = values
    places = min(length, condition.count)
    count = (0..<places).reduce(0) { $0 + (values[$1] != 0 ? 1 : 0) }
  }
}
