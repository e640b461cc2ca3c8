import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GatherElements: each index says the place along one axis, its own place all others.
  static func gatherElements(_ host: Host) -> any Operator {
    ShapedOperator("GatherElements", since: 11) { node in
      let axis = try node.attributes.int("axis") ?? 0
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (x, indices) = (try inputs[0], try inputs[1])
          guard outputs.isWritable(0), let target = outputs.data(0), let chosen = try indices.integers() else {
            return
          }
          // Of an empty tensor every index is outside.
          let source = x.data ?? target
          let view = try ElementIndices(x.shape, indices.shape, axis: axis)
          let size = try x.elementByteCount
          let rows = view.rows
          let grain = max(1, 8192 / max(rows.width, 1))
          try outputs.executor.parallelTry((rows.count + grain - 1) / grain) { piece in
            for row in piece * grain..<min((piece + 1) * grain, rows.count) {
              let base = rows[row]
              for column in 0..<rows.width {
                let number = row * rows.width + column
                let from = try view.offset(base, column, chosen[number])
                (target + number * size).copyMemory(from: source + from * size, byteCount: size)
              }
            }
          }
        })
    }
  }
}

/// Where the elements are that GatherElements and ScatterElements name.
struct ElementIndices: Sendable {
  let axis: Int
  /// Of the indices; offsets leave the axis aside.
  let rows: RowOffsets
  private let extent: Int
  private let stride: Int
  private let isLast: Bool

  init(_ shape: [Int], _ indices: [Int], axis: Int) throws {
    let axis = try normalized(axis: axis, rank: shape.count)
    guard indices.count == shape.count, shape.indices.allSatisfy({ $0 == axis || indices[$0] <= shape[$0] }) else {
      throw OperatorError("indices of shape \(indices) don't fit the shape \(shape) along axis \(axis)")
    }
    self.axis = axis
    var strides = rowMajorStrides(shape)
    stride = strides[axis]
    extent = shape[axis]
    isLast = axis == shape.count - 1
    strides[axis] = 0
    rows = RowOffsets(indices, strides: strides)
  }

  /// The element that `index` names in a column of a row that begins at `base`.
  func offset(_ base: Int, _ column: Int, _ index: Int) throws -> Int {
    base + (isLast ? 0 : column) + (try place(index, in: extent, axis: axis)) * stride
  }
}
