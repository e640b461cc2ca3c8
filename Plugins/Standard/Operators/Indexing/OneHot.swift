import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX OneHot: `on` at the place that each index says along a new axis, `off` elsewhere. Indices out of range give
  /// `off` alone.
  static func oneHot(_ host: ZooHost) -> any Operator {
    ShapedOperator("OneHot", since: 9) { node in
      let axis = try node.attributes.int("axis") ?? -1
      @Sendable func depth(_ inputs: Inputs) throws -> Int {
        let tensor = try inputs[1]
        guard tensor.count == 1 else { throw OperatorError("depth holds \(tensor.count) values in place of one") }
        let value = try tensor.doubles()[0]
        guard value >= 0, value < 0x1p40 else { throw OperatorError("depth is \(value)") }
        return Int(value)
      }
      return ShapedOperator.Form(
        shapes: { inputs in
          var shape = try inputs[0].shape
          shape.insert(try depth(inputs), at: try normalized(axis: axis, rank: shape.count + 1))
          return [shape]
        },
        compute: { inputs, outputs in
          let (indices, values) = (try inputs[0], try inputs[2])
          guard outputs.isWritable(0), let target = outputs.data(0), let choice = values.data else { return }
          let (chosen, depth) = (try indices.doubles(), try depth(inputs))
          let view = AxisView(outputs.shape(0), axis: try normalized(axis: axis, rank: indices.rank + 1))
          let size = try values.elementByteCount
          outputs.executor.parallelRanges(view.outer, grain: max(1, 8192 / (depth * view.inner))) { range in
            for outer in range {
              let plane = target + outer * depth * view.inner * size
              for index in 0..<depth * view.inner { (plane + index * size).copyMemory(from: choice, byteCount: size) }
              for inner in 0..<view.inner {
                var place = chosen[outer * view.inner + inner].rounded(.towardZero)
                if place < 0 { place += Double(depth) }
                guard place >= 0, place < Double(depth) else { continue }
                (plane + (Int(place) * view.inner + inner) * size).copyMemory(from: choice + size, byteCount: size)
              }
            }
          }
        })
    }
  }
}
