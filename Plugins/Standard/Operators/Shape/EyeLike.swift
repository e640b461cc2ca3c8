import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX EyeLike: ones on diagonal k of a matrix of the input's shape.
  static func eyeLike(_ host: ZooHost) -> any Operator {
    ShapedOperator("EyeLike", since: 9) { node in
      let diagonal = try node.attributes.int("k") ?? 0
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          guard outputs.isWritable(0), let target = outputs.data(0) else { return }
          let (height, width) = (outputs.shape(0)[0], outputs.shape(0)[1])
          let type = outputs.type(0)
          let size = try type.elementByteCount
          var one: Float = 1
          var element: (UInt64, UInt64) = (0, 0)
          guard zs_cast(ElementType.float32.rawValue, type.rawValue, &one, &element, 1, 1) == 1 else {
            throw unsupported(type)
          }
          target.initializeMemory(as: UInt8.self, repeating: 0, count: height * width * size)
          guard diagonal > -height, diagonal < width else { return }
          for row in max(0, -diagonal)..<min(height, width - diagonal) {
            (target + (row * width + row + diagonal) * size).copyMemory(from: &element, byteCount: size)
          }
        })
    }
  }
}
