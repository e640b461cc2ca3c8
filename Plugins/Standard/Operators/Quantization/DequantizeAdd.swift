import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// zoo.DequantizeAdd, which ModelZoo makes of an Add and a DequantizeLinear with one scale: x + (q − zero) · scale, of float32
  /// and bytes of one shape. Inputs are x, q, scale and zero point.
  static func dequantizeAdd(_ host: Host) -> any Operator { DequantizeAdd(host: host) }
}

private struct DequantizeAdd: Operator {
  let signature = Signature("DequantizeAdd", domain: "zoo", since: 1)
  let host: Host
  /// Elements that become numbers at a time: the cache holds them.
  private static let tile = 4096

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    let (count, kernels, attributes) = (x.storedCount, host.kernels.raw, try QuantizationScale.Attributed(node))
    return ClosureKernel(inPlace: [0], layout: x.layout) { call in
      guard let x = call.input(0).data, let q = call.input(1).data, let y = call.output(0).data else { return }
      let scale = try QuantizationScale(attributes, x: call.input(1), scale: call.input(2), zeroPoint: call.input(3))
      let (from, to) = (x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self))
      _ = scale.forEachRun(of: count, type: call.input(1).type, on: call.executor) { range, steps in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.tile) { numbers in
          guard let numbers = numbers.baseAddress else { return }
          for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.tile) {
            let length = min(Self.tile, range.upperBound - start)
            kernels.dequantize_bytes(q + start, numbers, length, steps)
            kernels.binary(ZS_ADD.code, from + start, 1, numbers, 1, to + start, length)
          }
        }
      }
    }
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let inputs = [try node.input(0), try node.input(1)]
    guard inputs.contains(where: { $0.layout == .nchw16c }) else { return nil }
    return LayoutChoice(inputs: [.nchw16c, .nchw16c, .plain, .plain], outputs: [.nchw16c])
  }
}
