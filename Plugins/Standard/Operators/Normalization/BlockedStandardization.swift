import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// Groups of channels that lie in blocks each get the mean 0 and the variance 1, then channels a scale and a shift.
final class BlockedStandardization: Kernel {
  private let batch, channels, groups, positions: Int
  /// Whether inputs 1 and 2 have a scale and a shift for each group, not for each channel.
  private let isByGroup: Bool
  private let epsilon: Double
  private let kernels: VectorKernels

  private var blocks: Int { (channels + 15) / 16 }

  /// - Parameter x: (images, channels, …), blocked.
  init(_ x: TensorView, groups: Int, isByGroup: Bool, epsilon: Float, kernels: VectorKernels) throws {
    (batch, channels, positions) = (x[dimension: 0], x[dimension: 1], x.shape[2...].reduce(1, *))
    (self.groups, self.isByGroup, self.epsilon, self.kernels) = (groups, isByGroup, Double(epsilon), kernels)
  }

  /// The layouts of a normalization of `node`'s first input, a scale and a shift.
  static func layouts(for node: Node) throws -> LayoutChoice? {
    let x = try node.input(0)
    guard x.layout == .nchw16c, x.type == .float32 else { return nil }
    return LayoutChoice(inputs: [.nchw16c, .plain, .plain], outputs: [.nchw16c])
  }

  var inPlaceInputs: [Int] { [0] }
  var outputLayouts: [Layout]? { [.nchw16c] }
  var workspaceByteCount: Int { batch * blocks * 2 * MemoryLayout<SIMD16<Double>>.size }

  func run(_ call: Call) throws {
    guard positions > 0, channels > 0, let x = call.input(0).data?.assumingMemoryBound(to: Float.self),
      let y = call.output(0).data?.assumingMemoryBound(to: Float.self),
      let means = call.workspace?.assumingMemoryBound(to: Double.self)
    else { return }
    let deviations = means + batch * blocks * 16
    let (scales, shifts) = (try call.input(1).floats(), try call.input(2).floats())
    let grain = max(1, 1024 / positions)
    call.executor.parallelRanges(batch * blocks, grain: grain) { range in
      self.withScratch { scratch in
        for block in range {
          let (mean, squares) = self.moments(x + block * self.positions * 16, scratch)
          for lane in 0..<16 { (means[block * 16 + lane], deviations[block * 16 + lane]) = (mean[lane], squares[lane]) }
        }
      }
    }
    for image in 0..<batch { join(means + image * blocks * 16, deviations + image * blocks * 16) }
    call.executor.parallelRanges(batch * blocks, grain: grain) { range in
      self.withScratch { scratch in
        for block in range {
          let channel = block % self.blocks * 16
          self.scale(
            x + block * self.positions * 16, y + block * self.positions * 16, means + block * 16,
            deviations + block * 16, lanes: min(16, self.channels - channel), scratch
          ) {
            let place = self.isByGroup ? (channel + $0) / (self.channels / self.groups) : channel + $0
            return (scales[place], shifts[place])
          }
        }
      }
    }
  }

  /// Positions that stay in the nearest cache: what is known of them is found in several passes.
  private static let tile = 256

  /// Of 16 numbers, behind a tile.
  private static let vectors = 4

  private typealias Scratch = UnsafeMutablePointer<Float>

  private func withScratch(_ body: (Scratch) -> Void) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: (Self.tile + Self.vectors) * 16) { memory in
      body(memory.baseAddress.unsafelyUnwrapped)
    }
  }

  private func tiles(_ body: (_ first: Int, _ count: Int) -> Void) {
    for first in stride(from: 0, to: positions, by: Self.tile) { body(first * 16, min(Self.tile, positions - first)) }
  }

  /// Means of a block's channels, and sums of the squares of what differs from them, joined from those of tiles (Chan,
  /// Golub and LeVeque 1979).
  private func moments(_ x: UnsafePointer<Float>, _ scratch: Scratch) -> (SIMD16<Double>, SIMD16<Double>) {
    let (ones, shifts) = (scratch + Self.tile * 16, scratch + (Self.tile + 1) * 16)
    let part = shifts + 16
    func sums(_ operation: Int32, _ values: UnsafePointer<Float>, _ count: Int) -> SIMD16<Double> {
      kernels.raw.reduce_rows(operation, values, count, 16, part, 16)
      return SIMD16((0..<16).map { Double(part[$0]) })
    }
    var (mean, squares) = (SIMD16<Double>.zero, SIMD16<Double>.zero)
    var known = 0.0
    tiles { first, count in
      let number = Double(count)
      let own = sums(ZS_SUM.code, x + first, count) / number
      for lane in 0..<16 { (ones[lane], shifts[lane]) = (1, Float(-own[lane])) }
      kernels.raw.affine_lanes(x + first, scratch, count, ones, shifts)
      let apart = own - mean
      squares += sums(ZS_SUM_SQUARE.code, scratch, count) + apart * apart * (known * number / (known + number))
      mean += apart * (number / (known + number))
      known += number
    }
    return (mean, squares)
  }

  /// Gives each of an image's channels the mean of its group, and the inverse of its deviation.
  private func join(_ means: UnsafeMutablePointer<Double>, _ deviations: UnsafeMutablePointer<Double>) {
    let size = channels / groups
    for first in stride(from: 0, to: channels, by: size) {
      let group = first..<first + size
      let mean = group.reduce(0) { $0 + means[$1] } / Double(size)
      let squares = group.reduce(0) {
        $0 + deviations[$1] + Double(positions) * (means[$1] - mean) * (means[$1] - mean)
      }
      let factor = 1 / (squares / Double(size * positions) + epsilon).squareRoot()
      for channel in group { (means[channel], deviations[channel]) = (mean, factor) }
    }
  }

  /// Lanes past the last channel become zero. The mean goes first: behind a factor it would take digits along.
  private func scale(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ means: UnsafePointer<Double>,
    _ factors: UnsafePointer<Double>, lanes: Int, _ scratch: Scratch,
    by parameters: (_ lane: Int) -> (scale: Float, shift: Float)
  ) {
    let ones = scratch + Self.tile * 16
    let (centres, multipliers, shifts) = (ones + 16, ones + 32, ones + 48)
    for lane in 0..<16 {
      let (scale, shift) = lane < lanes ? parameters(lane) : (0, 0)
      (ones[lane], centres[lane]) = (1, lane < lanes ? Float(-means[lane]) : 0)
      (multipliers[lane], shifts[lane]) = (lane < lanes ? scale * Float(factors[lane]) : 0, shift)
    }
    tiles { first, count in
      kernels.raw.affine_lanes(x + first, scratch, count, ones, centres)
      kernels.raw.affine_lanes(scratch, y + first, count, multipliers, shifts)
    }
  }
}
