import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// zoo.Reorder: a tensor (N, C, spatial…) of float32 or bytes from one layout to the layout with the number `to`. With
  /// `channels_last` the plain one of the two is (N, spatial…, C), of float32. The host's layout pass puts it in; no model
  /// holds it.
  static func reorder(_ host: ZooHost) -> any Operator { Reorder(host: host) }
}

private struct Reorder: Operator {
  let signature = Signature("Reorder", domain: "zoo", since: 1)
  let host: ZooHost
  private static let known: [Layout] = [.plain, .nchw16c]

  private func target(_ node: Node) throws -> Layout {
    guard let number = try node.attributes.int("to"),
      let layout = Self.known.first(where: { Int64($0.rawValue) == number })
    else { throw OperatorError("attribute to must be the number of a layout") }
    return layout
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    LayoutChoice(inputs: [try node.input(0).layout], outputs: [try target(node)])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    let (from, to) = (x.layout, try target(node))
    guard Self.known.contains(from) else { throw OperatorError("the input's layout is another plugin's") }
    if try node.attributes.int("channels_last") ?? 0 != 0 { return try channelsLast(x, to) }
    let (batch, channels, positions) = (x[dimension: 0], x[dimension: 1], x.shape[2...].reduce(1, *))
    let blocks = (channels + 15) / 16
    let kernels = host.kernels.raw
    let size = try x.type.elementByteCount
    guard size == 4 || size == 1 else { throw unsupported(x.type) }
    let byteCount = x.storedCount * size
    return ClosureKernel(layout: to) { call in
      guard let x = call.input(0).data, let y = call.output(0).data else { return }
      if from == to { return y.copyMemory(from: x, byteCount: byteCount) }
      // Positions are shared out too: the first blocks of a network are few and large.
      let cuts = max(1, min(positions / 256, 8))
      call.executor.parallelRanges(batch * blocks * cuts, grain: max(1, 16384 / max(1, positions * 16 / cuts))) {
        range in
        for index in range {
          let (block, cut) = (index / cuts, index % cuts)
          let (first, end) = (positions * cut / cuts, positions * (cut + 1) / cuts)
          let channel = block % blocks * 16
          let plain = (block / blocks * channels + channel) * positions + first
          let packed = (block * positions + first) * 16
          let lanes = min(16, channels - channel)
          let (source, target) = to == .nchw16c ? (plain, packed) : (packed, plain)
          kernels.reorder(
            x + source * size, y + target * size, ofBytes: size == 1, toBlocks: to == .nchw16c, stride: positions,
            count: end - first, lanes: lanes)
        }
      }
    }
  }
}

/// Between blocks and (N, spatial…, C).
private func channelsLast(_ x: TensorView, _ to: Layout) throws -> any Kernel {
  let isToBlocks = to == .nchw16c
  guard x.type == .float32, x.rank > 2, (x.layout == .nchw16c) != isToBlocks else { throw unsupported(x.type) }
  let shape = x.shape
  let (batch, channels) = (shape[0], isToBlocks ? shape[shape.count - 1] : shape[1])
  let positions = (isToBlocks ? shape[1..<shape.count - 1] : shape[2...]).reduce(1, *)
  let blocks = (channels + 15) / 16
  return ClosureKernel(layout: to) { call in
    guard let x = call.input(0).data?.assumingMemoryBound(to: Float.self),
      let y = call.output(0).data?.assumingMemoryBound(to: Float.self)
    else { return }
    call.executor.parallelRanges(batch * positions, grain: max(1, 8192 / max(channels, 1))) { range in
      for index in range {
        let (image, position) = (index / positions, index % positions)
        for block in 0..<blocks {
          let plain = index * channels + block * 16
          let packed = ((image * blocks + block) * positions + position) * 16
          move(x + (isToBlocks ? plain : packed), y + (isToBlocks ? packed : plain), min(16, channels - block * 16))
          if isToBlocks, channels - block * 16 < 16 {
            let lanes = channels - block * 16
            (y + packed + lanes).update(repeating: 0, count: 16 - lanes)
          }
        }
      }
    }
  }
}

@inline(__always)
private func move(_ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ lanes: Int) {
  guard lanes == 16 else { return y.update(from: x, count: lanes) }
  let vector = UnsafeRawPointer(x).loadUnaligned(as: SIMD16<UInt32>.self)
  UnsafeMutableRawPointer(y).storeBytes(of: vector, as: SIMD16<UInt32>.self)
}

extension zs_kernels {
  /// Moves `lanes` channels of `count` positions between a block and planes that lie `stride` apart.
  fileprivate func reorder(
    _ x: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer, ofBytes: Bool, toBlocks: Bool, stride: Int, count: Int,
    lanes: Int
  ) {
    guard ofBytes else {
      let (x, y) = (x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self))
      return toBlocks ? block(x, stride, y, count, lanes) : unblock(x, y, stride, count, lanes)
    }
    guard toBlocks else { return transpose_bytes(x, 16, count, lanes, y, stride) }
    if lanes < 16 { y.initializeMemory(as: UInt8.self, repeating: 0, count: count * 16) }
    transpose_bytes(x, stride, lanes, count, y, 16)
  }
}
