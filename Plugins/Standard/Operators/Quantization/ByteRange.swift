import CStandardKernels
import KernelSupport
import PluginSupport
import Synchronization
import ZooPlugin

/// How uint8 numbers cover the range of some values, which zero is always in (ONNX DynamicQuantizeLinear).
struct ByteRange: Sendable {
  let scale: Float
  let zeroPoint: UInt8

  init(_ values: UnsafePointer<Float>, _ count: Int, _ kernels: VectorKernels) {
    self.init(
      least: count > 0 ? kernels.raw.reduce(ZS_REDUCE_MIN.code, values, count) : 0,
      greatest: count > 0 ? kernels.raw.reduce(ZS_REDUCE_MAX.code, values, count) : 0)
  }

  init(_ values: UnsafePointer<Float>, _ count: Int, _ kernels: VectorKernels, _ executor: Executor) {
    let limits = Mutex((Float(0), Float(0)))
    executor.parallelRanges(count, grain: 32768) { range in
      let least = kernels.raw.reduce(ZS_REDUCE_MIN.code, values + range.lowerBound, range.count)
      let greatest = kernels.raw.reduce(ZS_REDUCE_MAX.code, values + range.lowerBound, range.count)
      limits.withLock { $0 = (min($0.0, least), max($0.1, greatest)) }
    }
    let (least, greatest) = limits.withLock { $0 }
    self.init(least: least, greatest: greatest)
  }

  private init(least: Float, greatest: Float) {
    let (least, greatest) = (min(0, least), max(0, greatest))
    scale = greatest > least ? (greatest - least) / 255 : 1
    zeroPoint = UInt8(min(max(0, (-least / scale).rounded(.toNearestOrEven)), 255))
  }

  var steps: zs_steps { zs_steps(scale: scale, zero: Float(zeroPoint), low: 0, high: 255) }
}
