import CZooPlugin
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Unsqueeze: adds dimensions of extent 1.
  static func unsqueeze(_ host: ZooHost) -> any Operator {
    viewOperator("Unsqueeze") { node in
      let fixed = node.opset < 13 ? try node.attributes.ints("axes") : nil
      return { inputs in
        let shape = try inputs[0].shape
        let given = try fixed ?? inputs.ints(1)
        guard given.count <= Int(ZOO_MAX_RANK) else { throw OperatorError("\(given.count) further axes are too many") }
        let axes = try normalized(axes: given, rank: shape.count + given.count)
        var rest = shape.makeIterator()
        return (0..<shape.count + given.count).map { axes.contains($0) ? 1 : rest.next() ?? 1 }
      }
    }
  }
}
