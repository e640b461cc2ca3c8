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
          let axis = try normalized(axis: axis, rank: x.rank)
          guard let chosen = try indices.integers() else { return }
          try AxisSlices(AxisView(x.shape, axis: axis), axis: axis, chosen: chosen.count)
            .gather(x, chosen, to: outputs)
        })
    }
  }
}

/// The slices that Gather names: the same ones of every outer place.
private struct AxisSlices: IndexedSlices {
  let count: Int
  let slice: Int
  private let axis: Int
  private let chosen: Int
  private let extent: Int

  init(_ view: AxisView, axis: Int, chosen: Int) {
    (count, slice, extent) = (view.outer * chosen, view.inner, view.length)
    (self.axis, self.chosen) = (axis, chosen)
  }

  func write(_ range: Range<Int>, of indices: Integers, to places: UnsafeMutablePointer<Int>) throws {
    guard !range.isEmpty else { return }
    var (outer, index) = range.lowerBound.quotientAndRemainder(dividingBy: chosen)
    for number in 0..<range.count {
      places[number] = outer * extent + (try place(indices[index], in: extent, axis: axis))
      index += 1
      if index == chosen { (outer, index) = (outer + 1, 0) }
    }
  }
}
