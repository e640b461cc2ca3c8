import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GatherND: slices by tuples of indices, behind `batch_dims` dimensions that both inputs share.
  static func gatherND(_ host: ZooHost) -> any Operator {
    ShapedOperator("GatherND", since: 11) { node in
      let batch = try node.attributes.int("batch_dims") ?? 0
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (x, indices) = (try inputs[0], try inputs[1])
          guard let chosen = try indices.integers() else { return }
          try IndexTuples(x.shape, indices.shape, batch: batch).gather(x, chosen, to: outputs)
        })
    }
  }
}

/// The slices that GatherND and ScatterND name.
struct IndexTuples: IndexedSlices {
  let count: Int
  let slice: Int
  /// Indices of a tuple.
  private let depth: Int
  private let extents: [Int]
  private let strides: [Int]
  private let firstAxis: Int
  private let tuplesInBatch: Int
  private let slicesInBatch: Int

  init(_ shape: [Int], _ indices: [Int], batch: Int) throws {
    guard let depth = indices.last, batch >= 0, batch < indices.count, batch < max(shape.count, 1), depth >= 0,
      depth <= shape.count - batch, shape.prefix(batch) == indices.prefix(batch)
    else {
      throw OperatorError(
        "indices of shape \(indices) don't fit the shape \(shape)" + (batch == 0 ? "" : " behind \(batch) dimensions"))
    }
    self.depth = depth
    firstAxis = batch
    count = indices.dropLast().reduce(1, *)
    slice = shape[(batch + depth)...].reduce(1, *)
    extents = Array(shape[batch..<batch + depth])
    strides = rowMajorStrides(extents)
    slicesInBatch = extents.reduce(1, *)
    tuplesInBatch = max(indices.dropFirst(batch).dropLast().reduce(1, *), 1)
  }

  func write(_ range: Range<Int>, of indices: Integers, to places: UnsafeMutablePointer<Int>) throws {
    for tuple in range {
      var result = tuple / tuplesInBatch * slicesInBatch
      for level in 0..<depth {
        let index = indices[tuple * depth + level]
        result += try place(index, in: extents[level], axis: firstAxis + level) * strides[level]
      }
      places[tuple - range.lowerBound] = result
    }
  }
}
