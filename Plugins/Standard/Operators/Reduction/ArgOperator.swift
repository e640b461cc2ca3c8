import CStandardKernels
import PluginSupport
import ZooPlugin

/// ArgMax and ArgMin.
func argOperator(_ name: String, largest: Bool) -> any Operator {
  ShapedOperator(name) { node in
    let axis = try node.attributes.int("axis") ?? 0
    let last: Int32 = try node.attributes.int("select_last_index") ?? 0 != 0 ? 1 : 0
    return ShapedOperator.Form(
      compute: { inputs, outputs in
        let x = try inputs[0]
        let view = AxisView(x.shape, axis: try normalized(axis: axis, rank: x.rank))
        guard outputs.isWritable(0) else { return }
        guard zs_typed_arg(x.type.rawValue, 0, 0, nil, 0, 0, 0, nil) == 1 else { throw unsupported(x.type) }
        guard let source = x.data else { return }
        let (size, result) = (try x.elementByteCount, outputs.pointer(0, as: Int64.self))
        view.forEachPart(on: outputs.executor) { start, place, columns in
          _ = zs_typed_arg(
            x.type.rawValue, largest ? 1 : 0, last, source + start * size, view.length, view.inner, columns,
            result + place)
        }
      })
  }
}
