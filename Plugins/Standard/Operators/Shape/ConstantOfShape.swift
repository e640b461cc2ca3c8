import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX ConstantOfShape: one value throughout.
  static func constantOfShape(_ host: ZooHost) -> any Operator {
    ShapedOperator("ConstantOfShape", since: 9) { node in
      let value = try node.attributes.tensor("value")
      let type = value?.type ?? .float32
      let size = try type.elementByteCount
      guard value?.count ?? 1 == 1 else { throw OperatorError("attribute value must hold one element") }
      let element = [UInt8](UnsafeRawBufferPointer(start: value?.data, count: value?.data == nil ? 0 : size))
      return ShapedOperator.Form(
        shapes: { inputs in [try inputs.ints(0)] },
        compute: { inputs, outputs in
          guard outputs.isWritable(0), let target = outputs.data(0) else { return }
          let source = element.isEmpty ? [UInt8](repeating: 0, count: size) : element
          let shape = outputs.shape(0)
          source.withUnsafeBytes { source in
            guard let source = source.baseAddress else { return }
            copyStrided(
              source, to: target, shape: shape, strides: shape.map { _ in 0 }, elementByteCount: size,
              executor: outputs.executor)
          }
        })
    }
  }
}
