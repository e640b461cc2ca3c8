import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Split along one axis.
  static func split(_ host: ZooHost) -> any Operator {
    ShapedOperator("Split", since: 1) { node in
      let axis = try node.attributes.int("axis") ?? 0
      let fixed = node.opset < 13 ? try node.attributes.ints("split") : nil
      let count = try node.attributes.int("num_outputs") ?? node.outputCount
      let given = node.opset >= 13 || node.opset < 2
      @Sendable func parts(_ inputs: Inputs) throws -> [Int] {
        let shape = try inputs[0].shape
        let extent = shape[try normalized(axis: axis, rank: shape.count)]
        if let sizes = try fixed ?? (given && inputs.optional(1) != nil ? inputs.ints(1) : nil) {
          guard sizes.allSatisfy({ $0 >= 0 && $0 <= extent }), sizes.reduce(0, { $0.saturatingPlus($1) }) == extent
          else {
            throw OperatorError("the parts \(sizes) do not make up the \(extent) along axis \(axis) of \(shape)")
          }
          return sizes
        }
        guard count > 0, count <= 1 << 16 else { throw OperatorError("a split into \(count) parts") }
        let size = extent / count + (extent % count == 0 ? 0 : 1)
        return (0..<count).map { max(0, min(size, extent - size.saturatingTimes($0))) }
      }
      return ShapedOperator.Form(
        shapes: { inputs in
          let x = try inputs[0]
          let axis = try normalized(axis: axis, rank: x.rank)
          return try parts(inputs).map { part in
            var shape = x.shape
            shape[axis] = part
            return shape
          }
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard let source = x.data else { return }
          let axis = try normalized(axis: axis, rank: x.rank)
          let strides = rowMajorStrides(x.shape)
          let size = try x.elementByteCount
          var place = 0
          for (index, part) in try parts(inputs).enumerated() {
            if outputs.isWritable(index), let target = outputs.data(index) {
              copyStrided(
                source + place * strides[axis] * size, to: target, shape: outputs.shape(index), strides: strides,
                elementByteCount: size, executor: outputs.executor)
            }
            place += part
          }
        })
    }
  }
}
