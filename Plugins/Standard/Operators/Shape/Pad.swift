import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Pad: constant, reflect, edge and wrap; negative pads crop.
  static func pad(_ host: ZooHost) -> any Operator {
    ShapedOperator("Pad") { node in
      let mode = try node.attributes.string("mode") ?? "constant"
      guard ["constant", "reflect", "edge", "wrap"].contains(mode) else { throw OperatorError("no pad mode \(mode)") }
      let fixed = node.opset < 11
      let attribute = try node.attributes.ints(node.opset < 2 ? "paddings" : "pads")
      let fill = try node.attributes.float("value") ?? 0
      @Sendable func pads(_ inputs: Inputs) throws -> (before: [Int], after: [Int]) {
        let shape = try inputs[0].shape
        let given = try fixed ? attribute ?? [] : inputs.ints(1)
        let isNamed = !fixed && inputs.optional(3) != nil
        let axes = try isNamed ? normalized(axes: inputs.ints(3), rank: shape.count) : Array(shape.indices)
        guard given.count == 2 * axes.count else {
          throw OperatorError("\(given.count) pads for \(axes.count) dimensions of the shape \(shape)")
        }
        var (before, after) = (shape.map { _ in 0 }, shape.map { _ in 0 })
        for (index, axis) in axes.enumerated() {
          (before[axis], after[axis]) = (given[index], given[index + axes.count])
          let extent = try shape[axis].adding(before[axis]).adding(after[axis])
          guard extent >= 0, before[axis] >= -shape[axis], after[axis] >= -shape[axis],
            mode == "constant" || shape[axis] > 0 || extent == 0
          else {
            throw OperatorError("pads of \(before[axis]) and \(after[axis]) for an extent of \(shape[axis])")
          }
        }
        return (before, after)
      }
      return ShapedOperator.Form(
        shapes: { inputs in
          let pads = try pads(inputs)
          return [zip(try inputs[0].shape, zip(pads.before, pads.after)).map { $0 + $1.0 + $1.1 }]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let target = outputs.data(0) else { return }
          let pads = try pads(inputs)
          let size = try x.elementByteCount
          var value = [UInt8](repeating: 0, count: size)
          if fixed {
            guard fill == 0 || x.type == .float32 else { throw unsupported(x.type) }
            if x.type == .float32 { value = [fill].withUnsafeBytes { [UInt8]($0) } }
          } else if let given = inputs.optional(2), let data = given.data, given.type == x.type {
            value = [UInt8](UnsafeRawBufferPointer(start: data, count: size))
          }
          let shape = outputs.shape(0)
          // By dimension, the source place of each place of the result; -1 where there is none.
          let places = try shape.indices.map { axis in
            let places = try x.host.scratch(shape[axis], of: Int.self)
            for place in places.indices {
              places[place] = source(place - pads.before[axis], extent: x[dimension: axis], mode: mode)
            }
            return places
          }
          let sources = try places.last ?? x.host.scratch(repeating: 0, count: 1)
          let strides = rowMajorStrides(x.shape)
          let rows = shape.dropLast().reduce(1, *)
          let width = shape.last ?? 1
          // Where the middle of a row is a stretch of the source, it is copied in one piece.
          let first = sources.firstIndex { $0 >= 0 } ?? 0
          let run = mode == "constant" ? sources[first...].prefix { $0 >= 0 }.count : 0
          outputs.executor.parallelRanges(rows, grain: max(1, 8192 / max(1, width))) { range in
            for row in range {
              var (rest, offset) = (row, 0)
              for axis in shape.indices.dropLast().reversed() {
                let place = places[axis][rest % shape[axis]]
                rest /= shape[axis]
                offset = place < 0 || offset < 0 ? -1 : offset + place * strides[axis]
              }
              let line = target + row * width * size
              var index = 0
              while index < width {
                if offset >= 0, run > 0, index == first, let data = x.data {
                  (line + index * size).copyMemory(from: data + (offset + sources[first]) * size, byteCount: run * size)
                  index += run
                  continue
                }
                if offset < 0 || sources[index] < 0 {
                  value.withUnsafeBytes { bytes in
                    if let base = bytes.baseAddress { (line + index * size).copyMemory(from: base, byteCount: size) }
                  }
                } else if let data = x.data {
                  (line + index * size).copyMemory(from: data + (offset + sources[index]) * size, byteCount: size)
                }
                index += 1
              }
            }
          }
        })
    }
  }
}

/// The place in a dimension of `extent` elements that padding shows at `place`; -1 for the fill.
private func source(_ place: Int, extent: Int, mode: String) -> Int {
  if place >= 0, place < extent { return place }
  switch mode {
  case "edge": return place < 0 ? 0 : extent - 1
  case "wrap": return (place % extent + extent) % extent
  case "reflect":
    guard extent > 1 else { return 0 }
    let period = 2 * (extent - 1)
    let wrapped = (place % period + period) % period
    return wrapped < extent ? wrapped : period - wrapped
  default: return -1
  }
}
