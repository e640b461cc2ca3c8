import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Pow; the exponent may be of another type than the base.
  static func pow(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("Pow") { node in
      let axis = try node.opset < 7 ? node.attributes.int("axis") : nil
      @Sendable func shapes(_ inputs: Inputs) throws -> [[Int]] {
        let (a, b) = (try inputs[0], try inputs[1])
        return [a.shape, try aligned(b.shape, to: a.shape, axis: axis)]
      }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (a, b) = (try inputs[0], try inputs[1])
          guard outputs.isWritable(0), let target = outputs.data(0), let base = a.data, b.data != nil else {
            return
          }
          if a.type == .float32, b.count == 1, let value = try b.doubles().first, [0.5, 1, 2].contains(value) {
            let x = base.assumingMemoryBound(to: Float.self)
            let y = target.assumingMemoryBound(to: Float.self)
            outputs.executor.parallelRanges(a.count, grain: 16384) { range in
              let (x, y) = (x + range.lowerBound, y + range.lowerBound)
              if value == 2 {
                kernels.raw.binary(ZS_MUL.code, x, 1, x, 1, y, range.count)
              } else {
                kernels.raw.unary(value == 1 ? ZS_IDENTITY.code : ZS_SQRT.code, x, y, range.count, 0, 0)
              }
            }
            return
          }
          // Integers to the power of fractions go by way of double.
          let type = a.type.isFloat || !b.type.isFloat ? a.type : .float64
          let (left, right) = (try converted(a, to: type), try converted(b, to: type))
          let rows = Broadcast(try shapes(inputs), to: outputs.shape(0))
          let size = try type.elementByteCount
          let count = outputs.shape(0).reduce(1, *)
          let scratch = try outputs.call.host.allocate(count.times(size))
          try withExtendedLifetime((left, right, scratch)) {
            rows.forEach(outputs.executor, grain: 4096) { place, offsets, count in
              _ = zs_typed_binary(
                type.rawValue, ZS_POW.code, left.address + offsets[0] * size, rows.steps[0],
                right.address + offsets[1] * size, rows.steps[1], scratch.address + place * size, count)
            }
            guard zs_cast(type.rawValue, a.type.rawValue, scratch.address, target, count, 1) == 1 else {
              throw unsupported(a.type)
            }
          }
        })
    }
  }
}

/// A copy of `tensor` in another type.
private func converted(_ tensor: TensorView, to type: ElementType) throws -> HostMemory {
  let memory = try tensor.host.allocate(tensor.count.times(type.elementByteCount))
  guard
    tensor.data == nil
      || zs_cast(tensor.type.rawValue, type.rawValue, tensor.data, memory.address, tensor.count, 1) == 1
  else { throw unsupported(tensor.type) }
  return memory
}
