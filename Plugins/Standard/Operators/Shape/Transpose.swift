import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Transpose.
  static func transpose(_ host: ZooHost) -> any Operator {
    ShapedOperator("Transpose") { node in
      let rank = try node.input(0).rank
      let order = try node.attributes.ints("perm") ?? Array((0..<rank).reversed())
      guard order.sorted() == Array(0..<rank) else {
        throw OperatorError("perm \(order) is no permutation of \(rank) dimensions")
      }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let source = x.data, let target = outputs.data(0) else { return }
          let strides = rowMajorStrides(x.shape)
          copyStrided(
            source, to: target, shape: outputs.shape(0), strides: order.map { strides[$0] },
            elementByteCount: try x.elementByteCount, executor: outputs.executor)
        })
    }
  }
}
