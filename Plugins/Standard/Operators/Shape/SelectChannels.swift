import PluginSupport
import ZooPlugin

extension Catalogue {
  /// zoo.SelectChannels, which ModelZoo makes of what shuffles, joins and picks channels: a tensor (N, C, …) whose channels are
  /// channels of the inputs. The attribute `channels` has two numbers for each, the input and the channel there.
  static func selectChannels(_ host: ZooHost) -> any Operator { SelectChannels() }
}

private struct SelectChannels: Operator {
  let signature = Signature("SelectChannels", domain: "zoo", since: 1)

  func layouts(for node: Node) throws -> LayoutChoice? {
    let inputs = try (0..<node.ownInputCount).map { try node.input($0) }
    guard inputs.contains(where: { $0.layout == .nchw16c }) else { return nil }
    return LayoutChoice(inputs: inputs.map { _ in .nchw16c }, outputs: [.nchw16c])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let inputs = try (0..<node.ownInputCount).map { try node.input($0) }
    let numbers = try node.attributes.ints("channels") ?? []
    guard let first = inputs.first, numbers.count % 2 == 0 else { throw OperatorError("attribute channels is missing") }
    let shape = first.shape
    guard shape.count >= 2, inputs.allSatisfy({ $0.type == first.type && $0.shape.count == shape.count }),
      inputs.allSatisfy({ $0.shape[0] == shape[0] && $0.shape[2...] == shape[2...] })
    else { throw OperatorError("the inputs differ in more than their channels") }
    let channels = try stride(from: 0, to: numbers.count, by: 2).map { place in
      let (input, number) = (Int(numbers[place]), Int(numbers[place + 1]))
      guard inputs.indices.contains(input), (0..<inputs[input][dimension: 1]).contains(number) else {
        throw OperatorError("there is no channel \(number) of input \(input)")
      }
      return (input: input, number: number)
    }
    let picks = ChannelPicks(
      channels, of: inputs.map { $0[dimension: 1] }, batch: first[dimension: 0],
      positions: shape[2...].reduce(1, *), isBlocked: first.layout == .nchw16c)
    let isBytes = try first.type.elementByteCount == 1
    guard try isBytes || first.type.elementByteCount == 4 else { throw unsupported(first.type) }
    return ClosureKernel(layout: first.layout) { call in
      if isBytes { picks.run(call, as: UInt8.self) } else { picks.run(call, as: UInt32.self) }
    }
  }
}

/// Channels that are copied from several tensors into one.
private struct ChannelPicks {
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

  init(
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

  /// Positions that are copied at once: few enough that what is written in pieces stays in the nearest cache.
  private static let pieceCount = 128

  func run<Element: FixedWidthInteger>(_ call: Call, as type: Element.Type) {
    guard let y = call.output(0).data?.assumingMemoryBound(to: type), positions > 0 else { return }
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
