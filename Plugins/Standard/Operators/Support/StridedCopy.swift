import CStandardKernels
import PluginSupport
import ZooPlugin

/// Copies the array at `source` that has `shape` and `strides` (in elements, any sign) to dense memory.
func copyStrided(
  _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, shape: [Int], strides: [Int], elementByteCount: Int,
  executor: Executor
) {
  guard !shape.contains(0) else { return }
  // Dimensions that lie one after the other become one, so that the innermost run is long.
  var extents: [Int64] = []
  var steps: [Int64] = []
  for (extent, stride) in zip(shape, strides) where extent != 1 {
    if let last = steps.last, last == Int64(stride * extent * elementByteCount) {
      extents[extents.count - 1] *= Int64(extent)
      steps[steps.count - 1] = Int64(stride * elementByteCount)
    } else {
      extents.append(Int64(extent))
      steps.append(Int64(stride * elementByteCount))
    }
  }
  // The two outermost dimensions are joined in one loop only when the first is too short to share out.
  let inner = extents.dropFirst().reduce(1, *)
  if extents.count > 1, extents[0] < Int64(executor.workerCount) * 4, inner >= 16384 {
    let step = Int(inner) * elementByteCount
    for index in 0..<Int(extents[0]) {
      copyDense(
        source + index * Int(steps[0]), to: target + index * step, Array(extents.dropFirst()),
        Array(steps.dropFirst()), elementByteCount, executor)
    }
  } else {
    copyDense(source, to: target, extents, steps, elementByteCount, executor)
  }
}

private func copyDense(
  _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ extents: [Int64], _ steps: [Int64],
  _ elementByteCount: Int, _ executor: Executor
) {
  let inner = Int(extents.dropFirst().reduce(1, *))
  executor.parallelRanges(Int(extents.first ?? 1), grain: max(1, 32768 / max(inner, 1))) { range in
    zs_copy_strided(
      source, target, Int32(extents.count), extents, steps, elementByteCount, Int64(range.lowerBound),
      Int64(range.upperBound))
  }
}
