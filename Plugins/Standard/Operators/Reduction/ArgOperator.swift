import CStandardKernels
import PluginSupport
import ZooPlugin

/// ArgMax and ArgMin.
func argOperator(_ name: String, largest: Bool) -> any Operator {
  ShapedOperator(name) { node in
    let axis = try node.attributes.int("axis") ?? 0
    let keepsDimension = try node.attributes.int("keepdims") ?? 1 != 0
    let last: Int32 = try node.attributes.int("select_last_index") ?? 0 != 0 ? 1 : 0
    return ShapedOperator.Form(
      outputs: { inputs in
        var shape = try inputs[0].shape
        let axis = try normalized(axis: axis, rank: shape.count)
        guard shape[axis] > 0 else { throw OperatorError("axis \(axis) of the shape \(shape) is empty") }
        if keepsDimension { shape[axis] = 1 } else { shape.remove(at: axis) }
        return [OutputType(.int64, shape)]
      },
      compute: { inputs, outputs in
        let x = try inputs[0]
        let view = AxisView(x.shape, axis: try normalized(axis: axis, rank: x.rank))
        guard outputs.isWritable(0) else { return }
        guard
          zs_typed_arg(
            x.raw.type, largest ? 1 : 0, last, x.data, view.outer, view.length, view.inner, outputs.pointer(0)) == 1
        else { throw unsupported(x.type) }
      })
  }.withHalves()
}
