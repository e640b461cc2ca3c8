import CStandardKernels
import PluginSupport
import ZooPlugin

/// The slices of a tensor that indices name: what the Gather and Scatter operators have in common.
protocol IndexedSlices: Sendable {
  /// Slices that are named.
  var count: Int { get }
  /// Elements of a slice.
  var slice: Int { get }

  /// Writes the numbers of those slices that stand at `range` among the named ones.
  ///
  /// - Throws: `OperatorError` for an index outside of the tensor.
  func write(_ range: Range<Int>, of indices: Integers, to places: UnsafeMutablePointer<Int>) throws
}

extension IndexedSlices {
  /// Copies the named slices of `x` to output 0.
  func gather(_ x: TensorView, _ indices: Integers, to outputs: Outputs) throws {
    guard outputs.isWritable(0), let target = outputs.data(0) else { return }
    // Of an empty tensor every index is outside.
    let source = x.data ?? target
    let bytes = slice * (try x.elementByteCount)
    let grain = min(max(32768 / max(bytes, 1), 1), 4096)
    try outputs.executor.parallelTry((count + grain - 1) / grain) { piece in
      let range = piece * grain..<min((piece + 1) * grain, count)
      try withUnsafeTemporaryAllocation(of: Int.self, capacity: grain) { places in
        guard let places = places.baseAddress else { return }
        try write(range, of: indices, to: places)
        zs_gather(source, target + range.lowerBound * bytes, bytes, places, range.count)
      }
    }
  }

  /// Copies `x` to output 0, the named slices replaced by updates or combined with them, in the order of the updates.
  func scatter(
    _ updates: TensorView, _ indices: Integers, into x: TensorView, by reduction: ScatterReduction, to outputs: Outputs
  ) throws {
    guard outputs.isWritable(0), let target = outputs.data(0) else { return }
    try copyThrough(x, to: outputs)
    guard let source = updates.data, count > 0 else { return }
    let type = x.type
    let size = try x.elementByteCount
    let grain = min(max((1 << 20) / max(slice * size, 1), 1), 1 << 18, count)
    let places = try x.host.scratch(grain, of: Int.self)
    let slices = slice == 0 ? 0 : x.count / slice
    for start in stride(from: 0, to: count, by: grain) {
      let range = start..<min(start + grain, count)
      try writeInParallel(range, of: indices, to: places, outputs.executor)
      // Each worker has its part of the target and goes through all updates, so that their order stays.
      outputs.executor.parallelRanges(slices, grain: max(slices * 8192 / max(range.count * slice, 1), 1)) { owned in
        places.withPointer {
          reduction.apply(
            source + start * slice * size, to: target, at: UnsafeBufferPointer(start: $0, count: range.count), owned,
            slice: slice, type: type, size: size)
        }
      }
    }
  }

  private func writeInParallel(
    _ range: Range<Int>, of indices: Integers, to places: Scratch<Int>, _ executor: Executor
  ) throws {
    let grain = 8192
    try executor.parallelTry((range.count + grain - 1) / grain) { piece in
      let first = range.lowerBound + piece * grain
      try places.withPointer {
        try write(first..<min(first + grain, range.upperBound), of: indices, to: $0 + piece * grain)
      }
    }
  }
}
