import CStandardKernels
import PluginSupport
import ZooPlugin

/// ONNX CumSum and CumProd: running sums or products along an axis.
func cumulateOperator(_ name: String, since: Int64, product: Bool) -> any Operator {
  ShapedOperator(name, since: since) { node in
    let isExclusive = try node.attributes.int("exclusive") ?? 0 != 0
    let isReverse = try node.attributes.int("reverse") ?? 0 != 0
    let type = try node.input(0).type
    guard zs_typed_cumulate(type.rawValue, 0, 0, 0, nil, 0, 0, 0, nil) == 1 else { throw unsupported(type) }
    return ShapedOperator.Form(
      compute: { inputs, outputs in
        let x = try inputs[0]
        guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
        let view = AxisView(x.shape, axis: try normalized(axis: inputs.int(1), rank: x.rank))
        let size = try x.elementByteCount
        view.forEachPart(on: outputs.executor) { start, _, columns in
          _ = zs_typed_cumulate(
            x.type.rawValue, product ? 1 : 0, isExclusive ? 1 : 0, isReverse ? 1 : 0, source + start * size,
            view.length, view.inner, columns, target + start * size)
        }
      }, inPlace: [0])
  }
}
