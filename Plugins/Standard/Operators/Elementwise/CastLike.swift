import ZooPlugin

extension Catalogue {
  /// ONNX CastLike: Cast to the type of the second input.
  static func castLike(_ host: ZooHost) -> any Operator {
    ShapedOperator("CastLike", since: 15) { node in try castForm(node, to: try node.input(1).type) }
  }
}
