import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX CenterCropPad: the middle of what is too long, zeros or empty texts around what is too short.
  static func centerCropPad(_ host: ZooHost) -> any Operator {
    ShapedOperator("CenterCropPad", since: 18) { node in
      let named = try node.attributes.ints("axes")
      return ShapedOperator.Form(
        shapes: { inputs in
          var shape = try inputs[0].shape
          let axes = try normalized(axes: named ?? Array(shape.indices), rank: shape.count)
          let wanted = try inputs.ints(1)
          guard wanted.count == axes.count else {
            throw OperatorError("the extents \(wanted) are not those of \(axes.count) axes")
          }
          for (axis, extent) in zip(axes, wanted) { shape[axis] = extent }
          return [shape]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let target = outputs.data(0) else { return }
          let result = outputs.shape(0)
          let size = try x.elementByteCount
          target.initializeMemory(as: UInt8.self, repeating: 0, count: result.reduce(size, *))
          guard let source = x.data else { return }
          // The smaller of both boxes, and where it lies in each.
          let box = zip(x.shape, result).map { min($0, $1) }
          let from = zip(x.shape, box).map { ($0 - $1) / 2 }
          let to = zip(result, box).map { ($0 - $1) / 2 }
          let (read, write) = (rowMajorStrides(x.shape), rowMajorStrides(result))
          let (sources, targets) = (RowOffsets(box, strides: read), RowOffsets(box, strides: write))
          let first = zip(from, read).reduce(0) { $0 + $1.0 * $1.1 }
          let start = zip(to, write).reduce(0) { $0 + $1.0 * $1.1 }
          guard sources.width > 0 else { return }
          for row in 0..<sources.count {
            (target + (start + targets[row]) * size).copyMemory(
              from: source + (first + sources[row]) * size, byteCount: sources.width * size)
          }
        })
    }
  }
}
