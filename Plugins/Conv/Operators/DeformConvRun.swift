import PluginSupport
import ZooPlugin

/// One run of DeformConv: for some positions at a time, what the taps see becomes columns, which are multiplied.
struct DeformConvRun<Number: BinaryFloatingPoint & BitwiseCopyable> {
  /// Multiplies weights by `count` columns; the result's rows are as far apart as the output's.
  typealias Product = (
    _ weights: UnsafePointer<Number>, _ columns: UnsafeMutablePointer<Number>, _ packed: UnsafeMutablePointer<Number>,
    _ result: UnsafeMutablePointer<Number>, _ count: Int
  ) -> Void

  private let g: DeformConvGeometry
  private let call: Call
  /// Positions of one task.
  private let width: Int

  /// Where samples lie: the pixels around each, and what they weigh.
  private struct Samples {
    let pixels: UnsafeMutablePointer<Int>
    let weights: UnsafeMutablePointer<Number>
  }

  /// - Parameter columnStep: What columns are packed in.
  init(_ geometry: DeformConvGeometry, _ call: Call, columnStep: Int) {
    (g, self.call) = (geometry, call)
    // Some 256 KiB of columns.
    let wanted = min((1 << 16) / max(geometry.depth, 1), geometry.positions)
    width = max((wanted + columnStep - 1) / columnStep, 1) * columnStep
  }

  func run(_ product: Product) throws {
    guard let output = call.output(0).data?.assumingMemoryBound(to: Number.self), call.output(0).count > 0 else {
      return
    }
    let executor = call.executor
    let columnCount = g.depth.saturatingTimes(width)
    let sampleCount = g.window.taps.saturatingTimes(width).saturatingTimes(g.corners)
    let room = columnCount.saturatingTimes(2).saturatingPlus(sampleCount)
    let numbers = try call.host.scratch(executor.workerCount.saturatingTimes(room), of: Number.self)
    let places = try call.host.scratch(executor.workerCount.saturatingTimes(sampleCount), of: Int.self)
    let bias = call.optionalInput(3)?.pointer(as: Number.self)
    let weights = call.input(1).pointer(as: Number.self)
    let chunks = (g.positions + width - 1) / width
    numbers.withPointer { numbers in
      places.withPointer { places in
        executor.parallelFor(g.batch * g.groups * chunks) { task, worker in
          let (image, group, first) = (
            task / chunks / g.groups, task / chunks % g.groups, task % chunks * width
          )
          let range = first..<min(first + width, g.positions)
          let columns = numbers + worker * room
          let samples = Samples(
            pixels: places + worker * sampleCount, weights: columns + 2 * columnCount)
          fill(columns, image, group, range, samples)
          let row = group * g.groupOutputs
          let result = output + (image * g.outputs + row) * g.positions + first
          product(weights + row * g.depth, columns, columns + columnCount, result, range.count)
          guard let bias else { return }
          for channel in 0..<g.groupOutputs {
            for index in 0..<range.count { result[channel * g.positions + index] += bias[row + channel] }
          }
        }
      }
    }
  }

  /// Samples all channels of a group for some positions.
  private func fill(
    _ columns: UnsafeMutablePointer<Number>, _ image: Int, _ group: Int, _ range: Range<Int>, _ samples: Samples
  ) {
    let (taps, corners, count) = (g.window.taps, g.corners, range.count)
    var placed: Int?
    for index in 0..<g.groupChannels {
      let channel = group * g.groupChannels + index
      let offsetGroup = channel / (g.channels / g.offsetGroups)
      if placed != offsetGroup { place(samples, image, offsetGroup, range) }
      placed = offsetGroup
      let plane = call.input(0).pointer(as: Number.self) + (image * g.channels + channel) * g.pixels
      let target = columns + index * taps * count
      for sample in 0..<taps * count {
        var sum: Number = 0
        for corner in sample * corners..<(sample + 1) * corners where samples.weights[corner] != 0 {
          sum += samples.weights[corner] * plane[samples.pixels[corner]]
        }
        target[sample] = sum
      }
    }
  }

  /// Finds where the taps of some positions look, and how far each of the pixels around counts.
  private func place(_ samples: Samples, _ image: Int, _ offsetGroup: Int, _ range: Range<Int>) {
    let window = g.window
    let (axes, taps, corners) = (window.input.count, window.taps, g.corners)
    let first = (image * g.offsetGroups + offsetGroup) * taps
    let offsets = call.input(2).pointer(as: Number.self)
    let mask = call.optionalInput(4)?.pointer(as: Number.self)
    for tap in 0..<taps {
      for (column, position) in range.enumerated() {
        let sample = (tap * range.count + column) * corners
        samples.pixels[sample] = 0
        samples.weights[sample] = mask.map { $0[(first + tap) * g.positions + position] } ?? 1
        var (tapRest, positionRest, stride, known) = (tap, position, 1, 1)
        for axis in (0..<axes).reversed() {
          let offset = offsets[((first + tap) * axes + axis) * g.positions + position]
          let start =
            positionRest % window.output[axis] * window.strides[axis] - window.padBegin[axis]
            + tapRest % window.kernel[axis] * window.dilations[axis]
          split(samples, sample, known, at: Number(start) + offset, extent: window.input[axis], stride)
          (positionRest, tapRest) = (positionRest / window.output[axis], tapRest / window.kernel[axis])
          (stride, known) = (stride * window.input[axis], known * 2)
        }
      }
    }
  }

  /// Makes two of each of the `known` pixels of a sample: that before a coordinate of one more axis, and that behind.
  private func split(
    _ samples: Samples, _ sample: Int, _ known: Int, at coordinate: Number, extent: Int, _ stride: Int
  ) {
    // Neither holds for NaN. Pixels that are not there weigh nothing.
    let isNear = coordinate > -1 && coordinate < Number(extent)
    let low = isNear ? Int(coordinate.rounded(.down)) : 0
    let part = isNear ? coordinate - Number(low) : 0
    let (hasLow, hasHigh) = (isNear && low >= 0, isNear && low + 1 < extent)
    for corner in sample..<sample + known {
      let (pixel, weight) = (samples.pixels[corner], samples.weights[corner])
      samples.pixels[corner] = pixel + (hasLow ? low * stride : 0)
      samples.weights[corner] = hasLow ? weight * (1 - part) : 0
      samples.pixels[corner + known] = pixel + (hasHigh ? (low + 1) * stride : 0)
      samples.weights[corner + known] = hasHigh ? weight * part : 0
    }
  }
}
