import PluginSupport
import ZooPlugin

/// Channels that are copied from several tensors into one, in either layout.
struct ChannelPicks {
  /// Channels that follow each other in an input and in a block of the output: places count elements of a sample.
  private struct Run {
    var input, from, to, count: Int
  }

  /// Channels of a block, of which lanes lie together; plain tensors have blocks of one channel.
  private let width: Int
  private let batch, positions: Int
  /// Elements of a sample of each input.
  private let sizes: [Int]
  /// Of each block of the output.
  private let runs: [[Run]]
  /// Lanes of the last block that are no channels.
  private let spare: Int

  private init(
    _ channels: [(input: Int, number: Int)], of counts: [Int], batch: Int, positions: Int, isBlocked: Bool
  ) {
    let width = isBlocked ? 16 : 1
    func blocks(_ count: Int) -> Int { (count + width - 1) / width }
    (self.width, self.batch, self.positions) = (width, batch, positions)
    sizes = counts.map { blocks($0) * width * positions }
    spare = blocks(channels.count) * width - channels.count
    runs = (0..<blocks(channels.count)).map { block in
      var runs: [Run] = []
      for lane in 0..<min(width, channels.count - block * width) {
        let channel = channels[block * width + lane]
        let from = channel.number / width * width * positions + channel.number % width
        if let last = runs.last, last.input == channel.input, channel.number % width > 0, last.from + last.count == from
        {
          runs[runs.count - 1].count += 1
        } else {
          runs.append(Run(input: channel.input, from: from, to: block * width * positions + lane, count: 1))
        }
      }
      return runs
    }
  }

  /// - Parameter inputs: Of one shape, but for their channels, and one layout.
  init(_ channels: [(input: Int, number: Int)], of inputs: [TensorView]) {
    let shape = inputs.first?.shape ?? [0, 0]
    self.init(
      channels, of: inputs.map { $0[dimension: 1] }, batch: shape[0], positions: shape[2...].reduce(1, *),
      isBlocked: inputs.first?.layout == .nchw16c)
  }

  /// Positions that are copied at once: few enough that what is written in pieces stays in the nearest cache.
  private static let pieceCount = 128

  /// Writes output `output` from the call's first inputs, of bytes or of 32 bits.
  func run(_ call: Call, output: Int = 0, isBytes: Bool) {
    if isBytes { run(call, output, as: UInt8.self) } else { run(call, output, as: UInt32.self) }
  }

  private func run<Element: FixedWidthInteger>(_ call: Call, _ output: Int, as type: Element.Type) {
    guard let y = call.output(output).data?.assumingMemoryBound(to: type), positions > 0 else { return }
    let xs = sizes.indices.map { call.input($0).data?.assumingMemoryBound(to: type) }
    let pieces = width == 1 ? 1 : (positions + Self.pieceCount - 1) / Self.pieceCount
    let pieceCount = width == 1 ? positions : Self.pieceCount
    let size = runs.count * width * positions
    call.executor.parallelRanges(
      batch * runs.count * pieces, grain: max(1, (1 << 13) / max(1, min(positions, pieceCount) * width))
    ) { range in
      for index in range {
        let (sample, block) = (index / pieces / runs.count, index / pieces % runs.count)
        let first = index % pieces * pieceCount
        let count = min(pieceCount, positions - first)
        let target = y + sample * size + first * width
        if spare > 0, block == runs.count - 1, runs[block].count > 0 {
          (target + block * width * positions).update(repeating: 0, count: count * width)
        }
        for run in runs[block] {
          guard let x = xs[run.input] else { continue }
          copy(x + sample * sizes[run.input] + run.from + first * width, target + run.to, run.count, positions: count)
        }
      }
    }
  }

  /// Copies `lanes` of some positions.
  @inline(__always) private func copy<Element>(
    _ x: UnsafeMutablePointer<Element>, _ y: UnsafeMutablePointer<Element>, _ lanes: Int, positions: Int
  ) {
    if lanes == width { return y.update(from: x, count: positions * width) }
    if lanes == 1 {
      for position in 0..<positions { y[position * 16] = x[position * 16] }
      return
    }
    for position in 0..<positions {
      for lane in 0..<lanes { y[position * 16 + lane] = x[position * 16 + lane] }
    }
  }
}

extension TensorView {
  /// Whether this is in blocks of what channels can be picked from.
  var hasChannelsToPick: Bool { layout == .nchw16c && [.float32, .int32, .int8, .uint8].contains(type) }
}
