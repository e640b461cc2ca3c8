import ZooPlugin

extension Catalogue {
  /// ONNX Flatten: to a matrix, cut before `axis`.
  static func flatten(_ host: ZooHost) -> any Operator {
    viewOperator("Flatten") { node in
      let axis = try node.attributes.int("axis") ?? 1
      return { inputs in
        let shape = try inputs[0].shape
        guard axis >= -shape.count, axis <= shape.count else {
          throw OperatorError("axis \(axis) is outside a tensor of rank \(shape.count)")
        }
        let cut = axis < 0 ? axis + shape.count : axis
        return [shape[..<cut].reduce(1, *), shape[cut...].reduce(1, *)]
      }
    }
  }
}
