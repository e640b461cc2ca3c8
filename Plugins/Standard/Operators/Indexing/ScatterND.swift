import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX ScatterND: a copy with slices replaced, or combined with updates, in the order of the updates.
  static func scatterND(_ host: Host) -> any Operator {
    ShapedOperator("ScatterND", since: 11) { node in
      let reduction = try ScatterReduction(node)
      try reduction.check(node.input(0).type)
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (x, indices, updates) = (try inputs[0], try inputs[1], try inputs[2])
          guard outputs.isWritable(0), let target = outputs.data(0), let chosen = try indices.integers() else {
            return
          }
          try copyThrough(x, to: outputs)
          guard let source = updates.data else { return }
          let tuples = try IndexTuples(x.shape, indices.shape, batch: 0)
          let size = try x.elementByteCount
          for tuple in 0..<tuples.count {
            let to = try tuples.slice(tuple, chosen) * tuples.slice
            reduction.apply(
              source + tuple * tuples.slice * size, to: target + to * size, count: tuples.slice, type: x.type,
              size: size)
          }
        }, inPlace: [0])
    }
  }
}
