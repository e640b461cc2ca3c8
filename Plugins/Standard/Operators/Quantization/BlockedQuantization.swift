import CStandardKernels
import PluginSupport
import ZooPlugin

/// QuantizeLinear or DequantizeLinear, which have blocked tensors of bytes and float32 stay blocked where one scale serves
/// all elements. Zero is a number on both sides, so blocks stay filled up with it.
struct BlockedQuantization: Operator {
  let host: Host
  let toBytes: Bool
  let plain: ShapedOperator

  var signature: Signature { plain.signature }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    guard x.layout == .nchw16c else { return try plain.makeKernel(node, on: executor) }
    let attributes = try QuantizationScale.Attributed(node)
    let (count, kernels, toBytes) = (x.storedCount, host.kernels, toBytes)
    return ClosureKernel(layout: .nchw16c) { call in
      guard let x = call.input(0).data, let y = call.output(0).data else { return }
      let scale = try QuantizationScale(
        attributes, x: call.input(0), scale: call.input(1), zeroPoint: call.optionalInput(2))
      let type = toBytes ? call.output(0).type : call.input(0).type
      _ = scale.forEachRun(of: count, type: type, on: call.executor) { range, steps in
        if toBytes {
          let numbers = x.assumingMemoryBound(to: Float.self)
          kernels.raw.quantize_bytes(numbers + range.lowerBound, y + range.lowerBound, range.count, steps)
        } else {
          let numbers = y.assumingMemoryBound(to: Float.self)
          kernels.raw.dequantize_bytes(x + range.lowerBound, numbers + range.lowerBound, range.count, steps)
        }
      }
    }
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let (x, scale) = (try node.input(0), try node.input(1))
    let bytes = toBytes ? node.output(0)?.type : x.type
    let numbers = toBytes ? x.type : node.output(0)?.type
    guard x.layout == .nchw16c, numbers == .float32, bytes == .int8 || bytes == .uint8,
      scale.rank == 0 || scale.shape == [1]
    else { return nil }
    var inputs = Array(repeating: Layout.plain, count: node.inputCount)
    inputs[0] = .nchw16c
    return LayoutChoice(inputs: inputs, outputs: [.nchw16c])
  }
}
