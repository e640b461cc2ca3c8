import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Gather: slices along one axis, by index.
  static func gather(_ host: ZooHost) -> any Operator {
    ShapedOperator("Gather", since: 1) { node in
      let axis = try node.attributes.int("axis") ?? 0
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (x, indices) = (try inputs[0], try inputs[1])
          let view = AxisView(x.shape, axis: try normalized(axis: axis, rank: x.rank))
          guard let chosen = try indices.integers() else { return }
          // Once for all outer places, and where there are none.
          for index in chosen { _ = try place(index, in: view.length, axis: axis) }
          try AxisSlices(view, chosen: chosen.count).gather(x, chosen, to: outputs)
        })
    }
  }
}

/// The slices that Gather names: the same ones of every outer place. Its indices are known to be inside.
private struct AxisSlices: IndexedSlices {
  let count: Int
  let slice: Int
  private let chosen: Int
  private let extent: Int

  init(_ view: AxisView, chosen: Int) {
    (count, slice) = (view.outer * chosen, view.inner)
    (self.chosen, extent) = (chosen, view.length)
  }

  func write(_ range: Range<Int>, of indices: Integers, to places: UnsafeMutablePointer<Int>) {
    guard !range.isEmpty else { return }
    var (outer, index) = range.lowerBound.quotientAndRemainder(dividingBy: chosen)
    for number in 0..<range.count {
      let chosen = indices[index]
      places[number] = outer * extent + (chosen < 0 ? chosen + extent : chosen)
      index += 1
      if index == self.chosen { (outer, index) = (outer + 1, 0) }
    }
  }
}
