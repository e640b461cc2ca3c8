import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX ScatterElements: a copy with elements replaced, or combined with updates. Of several updates of one element
  /// the last one stays.
  static func scatterElements(_ host: ZooHost) -> any Operator {
    scatterOperator("ScatterElements", since: 11)
  }

  /// ONNX Scatter, the older name.
  static func scatter(_ host: ZooHost) -> any Operator { scatterOperator("Scatter", since: 9) }
}

private func scatterOperator(_ name: String, since: Int64) -> any Operator {
  ShapedOperator(name, since: since) { node in
    let axis = try node.attributes.int("axis") ?? 0
    let reduction = try ScatterReduction(node)
    try reduction.check(node.input(0).type)
    return ShapedOperator.Form(
      compute: { inputs, outputs in
        let (x, indices, updates) = (try inputs[0], try inputs[1], try inputs[2])
        guard let chosen = try indices.integers() else { return }
        try ElementIndices(x.shape, indices.shape, axis: axis).scatter(
          updates, chosen, into: x, by: reduction, to: outputs)
      }, inPlace: [0])
  }
}
