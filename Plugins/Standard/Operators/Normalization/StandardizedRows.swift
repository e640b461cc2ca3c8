import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// Rows of `width` elements each get the mean 0 and the variance 1, then pieces of `width / pieces` elements a scale and
/// a shift of their own: `scale(row, piece)`.
func standardizeRows(
  _ x: TensorView, to outputs: Outputs, width: Int, pieces: Int, epsilon: Float, kernels: VectorKernels,
  scale: (_ row: Int, _ piece: Int) -> (factor: Double, shift: Double)
) throws {
  guard let source = x.data, outputs.isWritable(0), width > 0, pieces > 0, let target = outputs.data(0) else { return }
  let length = width / pieces
  let rows = x.count / width
  switch x.type {
  case .float32:
    let (from, to) = (source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self))
    outputs.executor.parallelRanges(rows, grain: max(1, 8192 / width)) { range in
      for row in range {
        let line = from + row * width
        let mean = kernels.raw.reduce(ZS_SUM.code, line, width) / Float(width)
        let variance = kernels.raw.sum_squared_deviation(line, width, mean) / Float(width)
        let factor = 1 / (variance + epsilon).squareRoot()
        for piece in 0..<pieces {
          let (scale, shift) = scale(row, piece)
          let at = row * width + piece * length
          kernels.raw.normalize(from + at, to + at, length, mean, factor, nil, nil)
          kernels.raw.affine(to + at, to + at, length, Float(scale), Float(shift))
        }
      }
    }
  case .float64:
    let (from, to) = (source.assumingMemoryBound(to: Double.self), target.assumingMemoryBound(to: Double.self))
    outputs.executor.parallelRanges(rows, grain: max(1, 8192 / width)) { range in
      for row in range {
        let line = UnsafeBufferPointer(start: from + row * width, count: width)
        let (mean, variance) = moments(line)
        let factor = 1 / (variance + Double(epsilon)).squareRoot()
        for index in 0..<width {
          let (scale, shift) = scale(row, index / length)
          to[row * width + index] = (line[index] - mean) * factor * scale + shift
        }
      }
    }
  default: throw unsupported(x.type)
  }
}

/// The mean of `line`, and the mean square of what its elements differ from it.
func moments(_ line: UnsafeBufferPointer<Double>) -> (mean: Double, variance: Double) {
  let mean = line.reduce(0, +) / Double(line.count)
  return (mean, line.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(line.count))
}
