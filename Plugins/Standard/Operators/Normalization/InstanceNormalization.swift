import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX InstanceNormalization: each channel of each image by its own mean and variance.
  static func instanceNormalization(_ host: Host) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("InstanceNormalization") { node in
      let epsilon = try node.attributes.float("epsilon") ?? 1e-5
      return ShapedOperator.Form(
        outputs: { inputs in
          let (x, scale, shift) = (try inputs[0], try inputs[1], try inputs[2])
          guard x.rank >= 3 else { throw OperatorError("the input of shape \(x.shape) has no positions") }
          guard scale.shape == [x[dimension: 1]], shift.shape == scale.shape, scale.type == x.type,
            shift.type == x.type
          else {
            throw OperatorError(
              "scale and bias of shapes \(scale.shape) and \(shift.shape) don't fit \(x[dimension: 1]) channels")
          }
          return [OutputType(like: x)]
        },
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard let scales = try inputs[1].doubles(), let shifts = try inputs[2].doubles() else { return }
          let channels = x[dimension: 1]
          try standardizeRows(
            x, to: outputs, width: x.shape[2...].reduce(1, *), pieces: 1, epsilon: epsilon, kernels: kernels
          ) { row, _ in (scales[row % channels], shifts[row % channels]) }
        }, inPlace: [0])
    }.withHalves()
  }
}
