import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX NegativeLogLikelihoodLoss.
  static func negativeLogLikelihoodLoss(_ host: ZooHost) -> any Operator {
    ShapedOperator("NegativeLogLikelihoodLoss", since: 12) { node in
      let loss = try ClassLoss(node)
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          switch x.type {
          case .float32: try loss.write(x.pointer(as: Float.self), inputs, outputs)
          case .float64: try loss.write(x.pointer(as: Double.self), inputs, outputs)
          default: throw unsupported(x.type)
          }
        })
    }
  }
}
