import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX RMSNormalization (Zhang and Sennrich 2019): divided by the root of the mean square of all dimensions from
  /// `axis` on, times a scale.
  static func rmsNormalization(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("RMSNormalization", since: 23) { node in
      let given = try node.attributes.int("axis") ?? -1
      let epsilon = try node.attributes.float("epsilon") ?? 1e-5
      let (x, scale) = (try node.input(0), try node.input(1))
      guard x.type == scale.type else {
        throw OperatorError("the input is \(x.type.name), the scale \(scale.type.name)", kind: .unsupported)
      }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (x, scale) = (try inputs[0], try inputs[1])
          guard outputs.isWritable(0) else { return }
          let inner = Array(x.shape[(try normalized(axis: given, rank: x.rank))...])
          let width = inner.reduce(1, *)
          let size = try x.elementByteCount
          // The scale of every column.
          let memory = try x.host.allocate(width * size)
          let missing = [Int](repeating: 0, count: inner.count - scale.rank)
          copyStrided(
            scale.pointer(as: UInt8.self), to: memory.address, shape: inner,
            strides: missing + zip(scale.shape, rowMajorStrides(scale.shape)).map { $0 == 1 ? 0 : $1 },
            elementByteCount: size, executor: outputs.executor)
          withExtendedLifetime(memory) {
            outputs.executor.parallelRanges(x.count / width, grain: max(1, 8192 / width)) { range in
              for row in range {
                if x.type == .float32 {
                  normalize(x, outputs, row, memory.address, width, epsilon, kernels)
                } else {
                  normalizeDouble(x, outputs, row, memory.address, width, Double(epsilon))
                }
              }
            }
          }
        }, inPlace: [0])
    }
  }
}

private func normalize(
  _ x: TensorView, _ outputs: Outputs, _ row: Int, _ factors: UnsafeMutableRawPointer, _ width: Int, _ epsilon: Float,
  _ kernels: VectorKernels
) {
  let line = x.pointer(as: Float.self) + row * width
  let square = kernels.raw.reduce(ZS_SUM_SQUARE.code, line, width) / Float(width)
  kernels.raw.normalize(
    line, outputs.pointer(0, as: Float.self) + row * width, width, 0, 1 / (square + epsilon).squareRoot(),
    factors.assumingMemoryBound(to: Float.self), nil)
}

private func normalizeDouble(
  _ x: TensorView, _ outputs: Outputs, _ row: Int, _ factors: UnsafeMutableRawPointer, _ width: Int, _ epsilon: Double
) {
  let line = UnsafeBufferPointer(start: x.pointer(as: Double.self) + row * width, count: width)
  let target = outputs.pointer(0, as: Double.self) + row * width
  let factors = factors.assumingMemoryBound(to: Double.self)
  let factor = 1 / (line.reduce(0) { $0 + $1 * $1 } / Double(width) + epsilon).squareRoot()
  for index in 0..<width { target[index] = line[index] * factor * factors[index] }
}
