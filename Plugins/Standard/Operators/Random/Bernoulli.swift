import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Bernoulli: 1 with the probability that the input says, else 0.
  static func bernoulli(_ host: Host) -> any Operator {
    ShapedOperator("Bernoulli", since: 15) { node in
      let seed = try node.attributes.float("seed")
      let given = try node.attributes.int("dtype").map { ElementType(rawValue: Int32(truncatingIfNeeded: $0)) }
      return ShapedOperator.Form(
        outputs: { inputs in [OutputType(try given ?? inputs[0].type, try inputs[0].shape)] },
        compute: { inputs, outputs in
          guard outputs.isWritable(0), let chances = try inputs[0].doubles() else { return }
          var numbers = RandomNumbers(seed: seed)
          try outputs.writeEach { numbers.uniform() < chances[$0] ? 1 : 0 }
        })
    }
  }
}
