import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// QuantizeLinear or DequantizeLinear, which have blocked tensors of bytes and float32 stay blocked where one scale serves
/// all elements: zero is a number on both sides, so blocks stay filled up with it. Numbers that come of bytes go through
/// steps behind them at once.
struct BlockedQuantization: Operator {
  let host: ZooHost
  let toBytes: Bool
  let plain: ShapedOperator

  var signature: Signature { plain.signature }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    guard x.layout == .nchw16c || !node.epilogue.isEmpty else { return try plain.makeKernel(node, on: executor) }
    guard let numbers = numbers(node) else {
      throw OperatorError("the scale and the zero point are not known, or no numbers that bytes can have")
    }
    let (count, kernels) = (x.storedCount, host.kernels)
    if toBytes {
      return ClosureKernel(layout: x.layout) { call in
        guard let x = call.input(0).data?.assumingMemoryBound(to: Float.self), let y = call.output(0).data else {
          return
        }
        call.executor.parallelRanges(count, grain: 16384) { range in
          kernels.raw.quantize_bytes(x + range.lowerBound, y + range.lowerBound, range.count, numbers)
        }
      }
    }
    let steps = try ElementwiseSteps(node, shape: x.shape)
    return ElementwiseKernel(steps, count: count, layout: x.layout, inPlace: [], kernels: kernels) { call, piece, y in
      guard let x = call.input(0).data else { return }
      kernels.raw.dequantize_bytes(x + piece.lowerBound, y, piece.count, numbers)
    }
  }

  /// Between float32 and bytes by one scale that is known.
  private func numbers(_ node: Node) -> zs_steps? {
    guard let x = node.optionalInput(0), node.ownInputCount == 3, let zero = node.optionalInput(2),
      toBytes ? x.type == .float32 : x.type == zero.type && node.optionalInput(1)?.type == .float32
    else { return nil }
    return zs_steps(node, scale: 1, zero: 2)
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard !toBytes, numbers(node) != nil, let x = node.optionalInput(0) else { return false }
    return ElementwiseSteps.accept(step, in: node, shape: x.shape)
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    guard try node.input(0).layout == .nchw16c, numbers(node) != nil else { return nil }
    return try blockedChoice(node, keepsZero: true)
  }
}
