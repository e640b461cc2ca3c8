import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// The rows of a product's left-hand matrix, rounded to the form of the right-hand one: int8 to the range of each row, or
/// to a calibrated one.
struct RowRounding {
  let form: PackedMatrix.Form
  let rows, depth: Int
  let range: ClosedRange<Float>?
  /// The length of a rounded row in 32 bits.
  let stride: Int
  private let kernels: VectorKernels

  /// `nil` for a matrix that is not rounded.
  init?(_ packed: PackedMatrix, rows: Int, depth: Int, range: ClosedRange<Float>?, host: ZooHost) {
    kernels = host.kernels
    switch packed.form {
    case .float32, .narrowFloat16, .narrowBFloat16: return nil
    case .bfloat16: stride = packed.steps
    // Room for the next multiple of 16 numbers, in whole cache lines; so rows of 2^n numbers don't share a cache set.
    case .int8: stride = ((depth / 16 + 1) * 16 + 63) / 64 * 16
    }
    (form, self.rows, self.depth, self.range) = (packed.form, rows, depth, range)
  }

  /// Scratch memory for all rows and their scales.
  var byteCount: Int { rows * stride * 4 + (form == .int8 ? rows * MemoryLayout<zs_row>.stride : 0) }

  /// Rounds the left-hand side of `g` into `target`.
  func round(_ g: inout zs_gemm, at target: UnsafeMutablePointer<Float>, executor: Executor) {
    let kernels = kernels.raw
    guard let source = g.a else { return }
    let scales = UnsafeMutableRawPointer(target + rows * stride).assumingMemoryBound(to: zs_row.self)
    // An empty range stands for that of each row.
    let (low, high) = (range?.lowerBound ?? 1, range?.upperBound ?? -1)
    executor.parallelRanges(rows, grain: max(1, 16384 / max(depth, 1))) { range in
      for row in range {
        let (from, to) = (source + row * depth, target + row * stride)
        if form == .int8 {
          scales[row] = kernels.row_quads(from, depth, low, high, to)
        } else {
          kernels.row_pairs(from, to, depth)
        }
      }
    }
    g.a = UnsafePointer(target)
    g.a_stride = stride
    g.row_scales = UnsafePointer(scales)
  }
}
