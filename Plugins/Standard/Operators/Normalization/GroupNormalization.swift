import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GroupNormalization (Wu and He 2018). Scales and biases are those of groups before opset 21, of channels since.
  static func groupNormalization(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("GroupNormalization", since: 18) { node in
      let epsilon = try node.attributes.float("epsilon") ?? 1e-5
      guard let groups = try node.attributes.int("num_groups"), groups > 0 else {
        throw OperatorError("attribute num_groups is missing, or not positive")
      }
      let isByGroup = node.opset < 21
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          let (scales, shifts) = (try inputs[1].doubles(), try inputs[2].doubles())
          let channels = x[dimension: 1] / groups
          try standardizeRows(
            x, to: outputs, width: x.shape[2...].reduce(channels, *), pieces: channels, epsilon: epsilon,
            kernels: kernels
          ) { row, piece in
            let place = isByGroup ? row % groups : row % groups * channels + piece
            return (scales[place], shifts[place])
          }
        }, inPlace: [0])
    }
  }
}
