import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GroupNormalization (Wu and He 2018). Scales and biases are those of groups before opset 21, of channels since.
  static func groupNormalization(_ host: Host) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("GroupNormalization", since: 18) { node in
      let epsilon = try node.attributes.float("epsilon") ?? 1e-5
      guard let groups = try node.attributes.int("num_groups"), groups > 0 else {
        throw OperatorError("attribute num_groups is missing, or not positive")
      }
      let isByGroup = node.opset < 21
      return ShapedOperator.Form(
        outputs: { inputs in
          let (x, scale, shift) = (try inputs[0], try inputs[1], try inputs[2])
          guard x.rank >= 2, x[dimension: 1] % groups == 0 else {
            throw OperatorError("the channels of shape \(x.shape) can't be split into \(groups) groups")
          }
          guard scale.shape == [isByGroup ? groups : x[dimension: 1]], shift.shape == scale.shape,
            scale.type == x.type, shift.type == x.type
          else {
            throw OperatorError(
              "scale and bias of shapes \(scale.shape) and \(shift.shape) don't fit \(groups) groups of "
                + "\(x[dimension: 1]) channels")
          }
          return [OutputType(like: x)]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard let scales = try inputs[1].doubles(), let shifts = try inputs[2].doubles() else { return }
          let channels = x[dimension: 1] / groups
          try standardizeRows(
            x, to: outputs, width: x.shape[2...].reduce(channels, *), pieces: channels, epsilon: epsilon,
            kernels: kernels
          ) { row, piece in
            let place = isByGroup ? row % groups : row % groups * channels + piece
            return (scales[place], shifts[place])
          }
        }, inPlace: [0])
    }.withHalves()
  }
}
