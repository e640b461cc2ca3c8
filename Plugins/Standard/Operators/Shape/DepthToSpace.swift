import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX DepthToSpace: channels become blocks of positions; in mode DCR the place in the block comes before the
  /// channel, in CRD behind it.
  static func depthToSpace(_ host: ZooHost) -> any Operator {
    ShapedOperator("DepthToSpace") { node in
      let (block, isChannelLast) = try blockAttributes(node)
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          let (height, width) = (x[dimension: 2], x[dimension: 3])
          let (channels, plane) = (x[dimension: 1] / (block * block), height * width)
          // Steps from channel to channel, and from row to row and column to column of a block.
          let steps =
            isChannelLast
            ? (plane, block * channels * plane, channels * plane) : (block * block * plane, block * plane, plane)
          copyStrided(
            source, to: target, shape: [x[dimension: 0], channels, height, block, width, block],
            strides: [x[dimension: 1] * plane, steps.0, width, steps.1, 1, steps.2],
            elementByteCount: try x.elementByteCount, executor: outputs.executor)
        })
    }
  }
}
