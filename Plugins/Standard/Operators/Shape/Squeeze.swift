import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Squeeze: drops dimensions of extent 1.
  static func squeeze(_ host: ZooHost) -> any Operator {
    viewOperator("Squeeze") { node in
      let fixed = node.opset < 13 ? try node.attributes.ints("axes") : nil
      let all = fixed == nil && node.optionalInput(1) == nil
      return { inputs in
        let shape = try inputs[0].shape
        if all { return shape.filter { $0 != 1 } }
        let given = try fixed ?? inputs.ints(1)
        let axes = try normalized(axes: given, rank: shape.count)
        guard axes.allSatisfy({ shape[$0] == 1 }) else {
          throw OperatorError("the axes \(given) of the shape \(shape) are not all of extent 1")
        }
        return shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
      }
    }
  }
}
