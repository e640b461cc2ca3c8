import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX MeanVarianceNormalization: (x - mean) / (deviation + 1e-9) over axes, in double precision.
  static func meanVarianceNormalization(_ host: ZooHost) -> any Operator {
    ShapedOperator("MeanVarianceNormalization", since: 9) { node in
      let named = try node.attributes.ints("axes") ?? [0, 2, 3]
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          let axes = try normalized(axes: named, rank: x.rank)
          let kept = x.shape.indices.filter { !axes.contains($0) }
          let strides = rowMajorStrides(x.shape)
          let groups = RowOffsets(kept.map { x.shape[$0] } + [1], strides: kept.map { strides[$0] } + [1])
          let members = RowOffsets(axes.map { x.shape[$0] } + [1], strides: axes.map { strides[$0] } + [1])
          let offsets = try x.host.scratch(members.count, of: Int.self)
          for index in 0..<members.count { offsets[index] = members[index] }
          outputs.executor.parallelRanges(groups.count, grain: max(1, 8192 / max(members.count, 1))) { range in
            for group in range {
              let first = groups[group]
              if x.type == .float32 {
                standardize(
                  source.assumingMemoryBound(to: Float.self) + first,
                  to: target.assumingMemoryBound(to: Float.self) + first, offsets)
              } else {
                standardize(
                  source.assumingMemoryBound(to: Double.self) + first,
                  to: target.assumingMemoryBound(to: Double.self) + first, offsets)
              }
            }
          }
        }, inPlace: [0])
    }
  }
}

private func standardize<Number: BinaryFloatingPoint>(
  _ x: UnsafeMutablePointer<Number>, to y: UnsafeMutablePointer<Number>, _ offsets: Scratch<Int>
) {
  let count = Double(offsets.count)
  let mean = offsets.reduce(0) { $0 + Double(x[$1]) } / count
  let variance = offsets.reduce(0) { $0 + (Double(x[$1]) - mean) * (Double(x[$1]) - mean) } / count
  let factor = 1 / (variance.squareRoot() + 1e-9)
  for offset in offsets { y[offset] = Number((Double(x[offset]) - mean) * factor) }
}
