import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GatherElements: each index says the place along one axis, its own place all others.
  static func gatherElements(_ host: ZooHost) -> any Operator {
    ShapedOperator("GatherElements", since: 11) { node in
      let axis = try node.attributes.int("axis") ?? 0
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (x, indices) = (try inputs[0], try inputs[1])
          guard let chosen = try indices.integers() else { return }
          try ElementIndices(x.shape, indices.shape, axis: axis).gather(x, chosen, to: outputs)
        })
    }
  }
}

/// The elements that GatherElements and ScatterElements name.
struct ElementIndices: IndexedSlices {
  let slice = 1
  let count: Int
  private let axis: Int
  /// Of the indices; offsets leave the axis aside.
  private let rows: RowOffsets
  private let extent: Int
  private let stride: Int
  /// 0 where a row goes along the axis.
  private let columnStride: Int

  init(_ shape: [Int], _ indices: [Int], axis: Int) throws {
    let axis = try normalized(axis: axis, rank: shape.count)
    guard indices.count == shape.count, shape.indices.allSatisfy({ $0 == axis || indices[$0] <= shape[$0] }) else {
      throw OperatorError("indices of shape \(indices) don't fit the shape \(shape) along axis \(axis)")
    }
    self.axis = axis
    let strides = rowMajorStrides(shape)
    (stride, extent) = (strides[axis], shape[axis])
    // Dimensions that lie behind one another in both make one, and so long rows.
    var (extents, steps) = ([1], [0])
    for dimension in shape.indices {
      let joins = dimension != axis && dimension - 1 != axis && indices[dimension] == shape[dimension]
      if joins && dimension > 0 {
        extents[extents.count - 1] *= indices[dimension]
        steps[steps.count - 1] = strides[dimension]
      } else {
        extents.append(indices[dimension])
        steps.append(dimension == axis ? 0 : strides[dimension])
      }
    }
    rows = RowOffsets(extents, strides: steps)
    columnStride = steps.last ?? 0
    count = rows.count * rows.width
  }

  func write(_ range: Range<Int>, of indices: Integers, to places: UnsafeMutablePointer<Int>) throws {
    guard !range.isEmpty else { return }
    indices.copy(range, to: places)
    var (row, column) = range.lowerBound.quotientAndRemainder(dividingBy: rows.width)
    var number = range.lowerBound
    while number < range.upperBound {
      let base = rows[row]
      let end = min(number + rows.width - column, range.upperBound)
      for index in number - range.lowerBound..<end - range.lowerBound {
        let along = try place(places[index], in: extent, axis: axis)
        places[index] = base + column * columnStride + along * stride
        column += 1
      }
      (number, row, column) = (end, row + 1, 0)
    }
  }
}
