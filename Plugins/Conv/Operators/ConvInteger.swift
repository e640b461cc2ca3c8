import CZooPlugin
import KernelSupport
import PluginSupport
import ZooPlugin

/// ONNX's ConvInteger: exact sums of 8-bit integers, as int32.
struct ConvInteger: Operator {
  let signature = Signature("ConvInteger", since: 10)
  let host: ZooHost

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    try kernel(node, packed: nil, executor)
  }

  private func kernel(_ node: Node, packed: PackedBytes?, _ executor: Executor) throws -> any Kernel {
    let places = IntegerConv.Places(x: 0, xZero: 2, weights: 1, weightZero: 3)
    let conv = try IntegerConv(node, places, packed: packed, host: host, executor: executor)
    if saturatingProduct(conv.geometry.outputShape) == 0 { return EmptyKernel() }
    let kernels = host.kernels.raw
    return conv.kernel(remake: kernel) { call in
      guard let target = call.output(0).data?.assumingMemoryBound(to: Int32.self) else { return }
      try conv.run(call) { part in
        kernels.transpose_numbers(
          part.sums, kernels.panel_columns, part.positions.count, part.channels,
          target + (part.image * conv.channels + part.channel) * conv.positions + part.positions.lowerBound,
          conv.positions)
      }
    }
  }
}
