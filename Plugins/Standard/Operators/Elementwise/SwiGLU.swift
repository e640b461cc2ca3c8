import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX SwiGLU: Swish of the first input times the second.
  static func swiGLU(_ host: ZooHost) -> any Operator {
    ShapedOperator("SwiGLU", since: 28) { node in
      let alpha = try node.attributes.float("alpha") ?? 1
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (gate, value) = (try inputs[0], try inputs[1])
          guard gate.type == .float32 || gate.type == .float64 else { throw unsupported(gate.type) }
          guard outputs.isWritable(0), let y = outputs.data(0), let a = gate.data, let b = value.data else { return }
          let (kernels, size, type) = (host.kernels.raw, try gate.elementByteCount, gate.type.rawValue)
          // In pieces that stay in the cache between both steps.
          outputs.executor.parallelRanges(gate.count, grain: 8192) { range in
            for first in stride(from: range.lowerBound, to: range.upperBound, by: 4096) {
              let count = min(4096, range.upperBound - first)
              let (a, b, y) = (a + first * size, b + first * size, y + first * size)
              if size == 4 {
                let (b, y) = (b.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self))
                kernels.unary(ZS_SWISH.code, a.assumingMemoryBound(to: Float.self), y, count, alpha, 0)
                kernels.binary(ZS_MUL.code, y, 1, b, 1, y, count)
              } else {
                _ = zs_typed_unary(type, ZS_SWISH.code, a, y, count, Double(alpha), 0)
                _ = zs_typed_binary(type, ZS_MUL.code, y, 1, b, 1, y, count)
              }
            }
          }
        },
        inPlace: [0])
    }
  }
}
