import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX Shape: the extents of a tensor, or a stretch of them.
  static func shape(_ host: ZooHost) -> any Operator {
    ShapedOperator("Shape", since: 1) { node in
      let start = try node.attributes.int("start") ?? 0
      let end = try node.attributes.int("end")
      @Sendable func extents(_ inputs: Inputs) throws -> ArraySlice<Int> {
        let shape = try inputs[0].shape
        func clamp(_ place: Int) -> Int {
          max(0, min(place < 0 ? max(place, -shape.count) + shape.count : place, shape.count))
        }
        let first = clamp(start)
        return shape[first..<max(first, clamp(end ?? shape.count))]
      }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          guard outputs.isWritable(0) else { return }
          for (index, extent) in try extents(inputs).enumerated() {
            outputs.pointer(0, as: Int64.self)[index] = Int64(extent)
          }
        })
    }
  }
}
