import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX ScatterND: a copy with slices replaced, or combined with updates, in the order of the updates.
  static func scatterND(_ host: ZooHost) -> any Operator {
    ShapedOperator("ScatterND", since: 11) { node in
      let reduction = try ScatterReduction(node)
      try reduction.check(node.input(0).type)
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (x, indices, updates) = (try inputs[0], try inputs[1], try inputs[2])
          guard let chosen = try indices.integers() else { return }
          try IndexTuples(x.shape, indices.shape, batch: 0).scatter(
            updates, chosen, into: x, by: reduction, to: outputs)
        }, inPlace: [0])
    }
  }
}
