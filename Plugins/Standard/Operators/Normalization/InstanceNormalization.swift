import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX InstanceNormalization: each channel of each image by its own mean and variance.
  static func instanceNormalization(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("InstanceNormalization") { node in
      let epsilon = try node.attributes.float("epsilon") ?? 1e-5
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          let (scales, shifts) = (try inputs[1].doubles(), try inputs[2].doubles())
          let channels = x[dimension: 1]
          try standardizeRows(
            x, to: outputs, width: x.shape[2...].reduce(1, *), pieces: 1, epsilon: epsilon, kernels: kernels
          ) { row, _ in (scales[row % channels], shifts[row % channels]) }
        }, inPlace: [0])
    }
  }
}
