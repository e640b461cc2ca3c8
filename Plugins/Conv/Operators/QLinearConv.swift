import CVectorKernels
import CZooPlugin
import KernelSupport
import PluginSupport
import ZooPlugin

/// ONNX's QLinearConv: a convolution of quantized tensors, quantized again; rounded half to even, clamped.
struct QLinearConv: Operator {
  let signature = Signature("QLinearConv", since: 10)
  let host: ZooHost

  private func resultType(_ node: Node) throws -> ElementType {
    let type = try node.input(7).type
    guard type == .int8 || type == .uint8 else { throw unsupported(type) }
    return type
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    try kernel(node, packed: nil, executor)
  }

  private func kernel(_ node: Node, packed: PackedBytes?, _ executor: Executor) throws -> any Kernel {
    let places = IntegerConv.Places(x: 0, xZero: 2, weights: 3, weightZero: 5, bias: 8)
    let conv = try IntegerConv(node, places, packed: packed, host: host, executor: executor)
    let isSigned = try resultType(node) == .int8
    for index in [1, 4, 6] {
      let scale = try node.input(index)
      guard scale.type == .float32, scale.count == 1 || (index == 4 && scale.count == conv.channels) else {
        throw OperatorError("a scale (input \(index)) is \(scale.type.name) of shape \(scale.shape)")
      }
    }
    guard try node.input(7).count == 1 else { throw OperatorError("the output has more than one zero point") }
    if saturatingProduct(conv.geometry.outputShape) == 0 { return EmptyKernel() }
    let kernels = host.kernels.raw
    return conv.kernel(remake: kernel) { call in
      guard let target = call.output(0).data else { return }
      let zero = try call.input(7).integersOfBytes()[0]
      let steps = zs_steps(
        scale: 1, zero: Float(zero), low: isSigned ? -128 : 0, high: isSigned ? 127 : 255)
      let bias = call.optionalInput(8)?.data?.assumingMemoryBound(to: Int32.self)
      let factors = try Self.factors(call, channels: conv.channels)
      let width = kernels.panel_columns
      try factors.withPointer { factors in
        try conv.run(call) { part in
          let count = part.positions.count
          kernels.requantize(
            part.sums, width, count, part.channels, bias.map { $0 + part.channel }, factors + part.channel, steps,
            part.spare, width)
          kernels.transpose_bytes(
            part.spare, width, count, part.channels,
            target + (part.image * conv.channels + part.channel) * conv.positions + part.positions.lowerBound,
            conv.positions)
        }
      }
    }
  }

  /// What the sums of each channel are multiplied by.
  private static func factors(_ call: Call, channels: Int) throws -> Scratch<Float> {
    let (xScale, yScale) = (call.input(1).pointer(as: Float.self)[0], call.input(6).pointer(as: Float.self)[0])
    let scales = call.input(4)
    let factors = try scales.host.scratch(channels, of: Float.self)
    for channel in factors.indices {
      factors[channel] = xScale * scales.pointer(as: Float.self)[scales.count == 1 ? 0 : channel] / yScale
    }
    return factors
  }
}
