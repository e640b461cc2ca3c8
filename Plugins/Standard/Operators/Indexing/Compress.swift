import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Compress: the slices along an axis, or the elements, for which a condition holds.
  static func compress(_ host: Host) -> any Operator {
    ShapedOperator("Compress", since: 9) { node in
      let axis = try node.attributes.int("axis")
      /// The shape as one with the axis, and the places that are kept.
      @Sendable func choice(_ inputs: Inputs) throws -> (axis: Int?, view: AxisView, kept: [Int]?) {
        let (x, condition) = (try inputs[0], try inputs[1])
        guard condition.type == .bool, condition.rank == 1 else {
          throw OperatorError("the condition is \(condition.type.name) of shape \(condition.shape), not a list of bool")
        }
        let place = try axis.map { try normalized(axis: $0, rank: x.rank) }
        let view = place.map { AxisView(x.shape, axis: $0) } ?? AxisView([x.count], axis: 0)
        guard condition.isConstant else { return (place, view, nil) }
        let values = condition.pointer(as: UInt8.self)
        guard (view.length..<max(view.length, condition.count)).allSatisfy({ values[$0] == 0 }) else {
          throw OperatorError("the condition has \(condition.count) values for \(view.length) places")
        }
        return (place, view, (0..<min(view.length, condition.count)).filter { values[$0] != 0 })
      }
      return ShapedOperator.Form(
        outputs: { inputs in
          let x = try inputs[0]
          let (place, _, kept) = try choice(inputs)
          guard let kept else { return [OutputType(x.type, nil)] }
          var shape = place == nil ? [0] : x.shape
          shape[place ?? 0] = kept.count
          return [OutputType(x.type, shape)]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          let (_, view, kept) = try choice(inputs)
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0), let kept else { return }
          let bytes = view.inner * (try x.elementByteCount)
          for outer in 0..<view.outer {
            for (number, place) in kept.enumerated() {
              (target + (outer * kept.count + number) * bytes).copyMemory(
                from: source + (outer * view.length + place) * bytes, byteCount: bytes)
            }
          }
        })
    }
  }
}
