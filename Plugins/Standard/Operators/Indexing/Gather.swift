import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Gather: slices along one axis, by index.
  static func gather(_ host: Host) -> any Operator {
    ShapedOperator("Gather", since: 1) { node in
      let axis = try node.attributes.int("axis") ?? 0
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (x, indices) = (try inputs[0], try inputs[1])
          let view = AxisView(x.shape, axis: try normalized(axis: axis, rank: x.rank))
          guard let chosen = try indices.integers() else { return }
          for index in chosen where index < -view.length || index >= view.length {
            throw OperatorError("index \(index) is outside the \(view.length) places of axis \(axis)")
          }
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          let bytes = view.inner * (try x.elementByteCount)
          outputs.executor.parallelRanges(view.outer * chosen.count, grain: max(1, 32768 / bytes)) { range in
            for row in range {
              let index = chosen[row % chosen.count]
              let place = row / chosen.count * view.length + (index < 0 ? index + view.length : index)
              (target + row * bytes).copyMemory(from: source + place * bytes, byteCount: bytes)
            }
          }
        })
    }
  }
}
