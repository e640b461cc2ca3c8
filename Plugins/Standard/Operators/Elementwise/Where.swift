import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Where: by element, of the second input where the first is true, else of the third.
  static func whereOperator(_ host: ZooHost) -> any Operator {
    ShapedOperator("Where", since: 9) { _ in
      ShapedOperator.Form(
        compute: { inputs, outputs in
          let (condition, a, b) = (try inputs[0], try inputs[1], try inputs[2])
          guard outputs.isWritable(0), let target = outputs.data(0), let left = a.data, let right = b.data else {
            return
          }
          let rows = Broadcast([condition.shape, a.shape, b.shape], to: outputs.shape(0))
          let size = try a.elementByteCount
          let (rowSteps, steps) = (rows.rowSteps, rows.steps)
          rows.forEachBlock(outputs.executor) { place, offsets, rows, count in
            zs_select(
              condition.pointer(as: UInt8.self) + offsets[0], left + offsets[1] * size, right + offsets[2] * size,
              rowSteps, steps, target + place * size, size, rows, count)
          }
        })
    }
  }
}
