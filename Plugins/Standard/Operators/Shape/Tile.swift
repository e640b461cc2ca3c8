import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Tile: repeats along each dimension.
  static func tile(_ host: ZooHost) -> any Operator {
    ShapedOperator("Tile", since: 6) { node in
      ShapedOperator.Form(
        shapes: { inputs in
          let (x, repeats) = (try inputs[0], try inputs.ints(1))
          guard repeats.count == x.rank, repeats.allSatisfy({ $0 >= 0 }) else {
            throw OperatorError("\(repeats) are no repeats for a tensor of shape \(x.shape)")
          }
          return [try zip(x.shape, repeats).map { try $0.times($1) }]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          // (repeats, extent) by dimension, the repeats standing still.
          let repeats = try inputs.ints(1)
          copyStrided(
            source, to: target, shape: zip(repeats, x.shape).flatMap { [$0, $1] },
            strides: rowMajorStrides(x.shape).flatMap { [0, $0] }, elementByteCount: try x.elementByteCount,
            executor: outputs.executor)
        })
    }
  }
}
