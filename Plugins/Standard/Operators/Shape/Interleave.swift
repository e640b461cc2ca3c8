import PluginSupport
import ZooPlugin

extension Catalogue {
  /// zoo.Interleave, which ModelZoo puts behind the convolution that it makes of a transposed one: phases of (N, phases ·
  /// stride, …), each with `channels` channels at its beginning, beside each other along the spatial axes, cut to `extents`
  /// from `starts` on.
  static func interleave(_ host: ZooHost) -> any Operator { Interleave() }
}

private struct Interleave: Operator {
  let signature = Signature("Interleave", domain: "zoo", since: 1)

  func layouts(for node: Node) throws -> LayoutChoice? {
    guard try node.input(0).layout == .nchw16c else { return nil }
    return LayoutChoice(inputs: [.nchw16c], outputs: [try InterleavedPhases(node).givesBlocks ? .nchw16c : .plain])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let phases = try InterleavedPhases(node)
    let isBlocked = try node.input(0).layout == .nchw16c
    return ClosureKernel(layout: isBlocked && phases.givesBlocks ? .nchw16c : .plain) { call in
      guard let x = call.input(0).data?.assumingMemoryBound(to: Float.self),
        let y = call.output(0).data?.assumingMemoryBound(to: Float.self)
      else { return }
      phases.run(x, y, isBlocked: isBlocked, call.executor)
    }
  }
}

/// Where the elements of an output come from.
private struct InterleavedPhases {
  /// Axes of the output, slices and rows first; there are always three.
  private struct Axis {
    var stride = 1, start = 0, extent = 1, count = 1
  }

  private let batch, channels, stride: Int
  private let axes: [Axis]

  init(_ node: Node) throws {
    let x = try node.input(0)
    guard x.type == .float32 else { throw unsupported(x.type) }
    let (strides, starts, extents) = (
      try node.attributes.ints("strides") ?? [], try node.attributes.ints("starts") ?? [],
      try node.attributes.ints("extents") ?? []
    )
    channels = try node.attributes.int("channels") ?? 0
    let count = x.rank - 2
    guard (1...3).contains(count), [strides, starts, extents].allSatisfy({ $0.count == count }),
      strides.allSatisfy({ (1...1 << 10).contains($0) })
    else { throw OperatorError("the attributes don't fit a rank of \(x.rank)") }
    let own = (0..<count).map {
      Axis(stride: strides[$0], start: starts[$0], extent: extents[$0], count: x.shape[$0 + 2])
    }
    guard own.allSatisfy({ $0.start >= 0 && $0.extent > 0 && $0.count > 0 && $0.start < $0.stride * $0.count }),
      own.allSatisfy({ $0.extent <= $0.stride * $0.count - $0.start })
    else { throw OperatorError("positions \(extents) from \(starts) on are more than there are") }
    axes = Array(repeating: Axis(), count: 3 - count) + own
    let phases = strides.reduce(1, *)
    guard channels > 0, x.shape[1] % phases == 0, x.shape[1] / phases >= channels else {
      throw OperatorError("\(x.shape[1]) channels are not \(phases) phases of \(channels)")
    }
    (batch, stride) = (x.shape[0], x.shape[1] / phases)
    _ = try elementCount([batch, channels] + extents)
  }

  /// Whether phases are whole blocks, so that the output can be such.
  var givesBlocks: Bool { stride % 16 == 0 && (channels + 15) / 16 == stride / 16 }

  private var positions: Int { axes.reduce(1) { $0 * $1.count } }
  private var phaseCount: Int { axes.reduce(1) { $0 * $1.stride } }

  func run(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, isBlocked: Bool, _ executor: Executor) {
    let isWide = isBlocked && givesBlocks
    let planes = isWide ? stride / 16 : channels
    let rows = axes[0].extent * axes[1].extent
    let width = axes[2].extent * (isWide ? 16 : 1)
    executor.parallelRanges(batch * planes * rows, grain: max(1, (1 << 13) / width)) { range in
      for index in range {
        let (plane, row) = (index / rows, index % rows)
        let target = y + index * width
        for phase in 0..<axes[2].stride {
          let place = place(row, phase)
          copy(
            x, sample: plane / planes, plane: plane % planes, place, to: target, phase: phase,
            isBlocked: isBlocked, isWide: isWide)
        }
        if isWide, plane % planes == planes - 1, channels % 16 != 0 {
          for position in 0..<axes[2].extent {
            (target + position * 16 + channels % 16).update(repeating: 0, count: 16 - channels % 16)
          }
        }
      }
    }
  }

  /// The phase that a row of the output is of, where its columns are of `phase`, and where the row lies there.
  private func place(_ row: Int, _ phase: Int) -> (phase: Int, position: Int) {
    let (z, y) = (row / axes[1].extent + axes[0].start, row % axes[1].extent + axes[1].start)
    return (
      (z % axes[0].stride * axes[1].stride + y % axes[1].stride) * axes[2].stride + phase,
      (z / axes[0].stride * axes[1].count + y / axes[1].stride) * axes[2].count
    )
  }

  /// Writes the elements of a row that are of one phase.
  private func copy(
    _ x: UnsafePointer<Float>, sample: Int, plane: Int, _ place: (phase: Int, position: Int),
    to target: UnsafeMutablePointer<Float>, phase: Int, isBlocked: Bool, isWide: Bool
  ) {
    let axis = axes[2]
    // The first column of this phase, and its place in the phase.
    let first = (phase - axis.start + axis.stride) % axis.stride
    guard first < axis.extent else { return }
    let (from, count) = ((first + axis.start) / axis.stride, (axis.extent - first - 1) / axis.stride + 1)
    if isWide {
      let block = (sample * phaseCount + place.phase) * (stride / 16) + plane
      let source = UnsafeRawPointer(x + (block * positions + place.position + from) * 16)
      let to = UnsafeMutableRawPointer(target + first * 16)
      for index in 0..<count {
        let vector = source.loadUnaligned(fromByteOffset: index * 64, as: SIMD16<UInt32>.self)
        to.storeBytes(of: vector, toByteOffset: index * axis.stride * 64, as: SIMD16<UInt32>.self)
      }
      return
    }
    let channel = place.phase * stride + plane
    let (source, step) =
      isBlocked
      ? (
        x + ((sample * ((phaseCount * stride + 15) / 16) + channel / 16) * positions + place.position + from) * 16
          + channel % 16, 16
      ) : (x + (sample * phaseCount * stride + channel) * positions + place.position + from, 1)
    for index in 0..<count { target[first + index * axis.stride] = source[index * step] }
  }
}
