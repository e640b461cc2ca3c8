import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Hardmax: 1 at the first of the greatest elements, 0 elsewhere. Up to opset 12 over all dimensions from `axis`
  /// on, later along `axis` alone.
  static func hardmax(_ host: ZooHost) -> any Operator {
    ShapedOperator("Hardmax") { node in
      let isFlat = node.opset < 13
      let given = try node.attributes.int("axis") ?? (isFlat ? 1 : -1)
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          let axis = isFlat && given == x.rank ? given : try normalized(axis: given, rank: x.rank)
          let view =
            isFlat
            ? AxisView([x.shape[..<axis].reduce(1, *), x.shape[axis...].reduce(1, *)], axis: 1)
            : AxisView(x.shape, axis: axis)
          let places = try x.host.scratch(view.outer * view.inner, of: Int64.self)
          let size = try x.elementByteCount
          places.withPointer { result in
            view.forEachPart(on: outputs.executor) { start, place, columns in
              _ = zs_typed_arg(
                x.type.rawValue, 1, 0, source + start * size, view.length, view.inner, columns, result + place)
            }
          }
          target.initializeMemory(as: UInt8.self, repeating: 0, count: x.count * size)
          for (number, place) in places.enumerated() {
            let index = (number / view.inner * view.length + Int(place)) * view.inner + number % view.inner
            if x.type == .float32 {
              outputs.pointer(0, as: Float.self)[index] = 1
            } else {
              outputs.pointer(0, as: Double.self)[index] = 1
            }
          }
        })
    }
  }
}
