import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX SpaceToDepth: blocks of positions become channels; in mode DCR the place in the block comes before the channel,
  /// in CRD behind it.
  static func spaceToDepth(_ host: ZooHost) -> any Operator {
    ShapedOperator("SpaceToDepth") { node in
      let (block, isChannelLast) = try blockAttributes(node)
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          let (channels, height, width) = (x[dimension: 1], x[dimension: 2], x[dimension: 3])
          let (plane, across) = (height * width, [width, 1])
          copyStrided(
            source, to: target,
            shape: [x[dimension: 0]] + (isChannelLast ? [block, block, channels] : [channels, block, block])
              + [height / block, width / block],
            strides: [channels * plane] + (isChannelLast ? across + [plane] : [plane] + across)
              + [block * width, block],
            elementByteCount: try x.elementByteCount, executor: outputs.executor)
        })
    }
  }
}
