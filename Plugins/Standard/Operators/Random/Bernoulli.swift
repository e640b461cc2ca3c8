import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Bernoulli: 1 with the probability that the input says, else 0.
  static func bernoulli(_ host: ZooHost) -> any Operator {
    ShapedOperator("Bernoulli", since: 15) { node in
      let seed = try node.attributes.float("seed")
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          guard outputs.isWritable(0) else { return }
          let chances = try inputs[0].doubles()
          var numbers = RandomNumbers(seed: seed)
          try outputs.writeEach { numbers.uniform() < chances[$0] ? 1 : 0 }
        })
    }
  }
}
