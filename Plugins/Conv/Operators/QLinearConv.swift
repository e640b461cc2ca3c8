import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX's QLinearConv: a convolution of quantized tensors, quantized again; rounded half to even, clamped.
struct QLinearConv: Operator {
  let signature = Signature("QLinearConv", since: 10)

  private func resultType(_ node: Node) throws -> ElementType {
    let type = try node.input(7).type
    guard type == .int8 || type == .uint8 else { throw unsupported(type) }
    return type
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let conv = try IntegerConv(node, weights: 3, bias: 8)
    let isSigned = try resultType(node) == .int8
    for index in [1, 4, 6] {
      let scale = try node.input(index)
      guard scale.type == .float32, scale.count == 1 || (index == 4 && scale.count == conv.channels) else {
        throw OperatorError("a scale (input \(index)) is \(scale.type.name) of shape \(scale.shape)")
      }
    }
    guard try node.input(7).count == 1 else { throw OperatorError("the output has more than one zero point") }
    if saturatingProduct(conv.geometry.outputShape) == 0 { return EmptyKernel() }
    return ClosureKernel { call in
      guard let target = call.output(0).data else { return }
      let (xScale, yScale) = (call.input(1).pointer(as: Float.self)[0], call.input(6).pointer(as: Float.self)[0])
      let scales = call.input(4)
      let weightScales = scales.pointer(as: Float.self)
      let isSingle = scales.count == 1
      let zero = Float(
        isSigned ? Int(call.input(7).pointer(as: Int8.self)[0]) : Int(call.input(7).pointer(as: UInt8.self)[0]))
      let bias = call.optionalInput(8)?.data?.assumingMemoryBound(to: Int32.self)
      try conv.run(
        call.input(0), call.input(3), xZero: call.optionalInput(2), weightZero: call.optionalInput(5), call.executor
      ) { plane, sums in
        let channel = plane % conv.channels
        let factor = xScale * weightScales[isSingle ? 0 : channel] / yScale
        for index in 0..<conv.positions {
          let sum = sums[index] &+ (bias?[channel] ?? 0)
          let value = (Float(sum) * factor).rounded(.toNearestOrEven) + zero
          let at = plane * conv.positions + index
          if isSigned {
            target.storeBytes(of: Int8(min(max(-128, value), 127)), toByteOffset: at, as: Int8.self)
          } else {
            target.storeBytes(of: UInt8(min(max(0, value), 255)), toByteOffset: at, as: UInt8.self)
          }
        }
      }
    }
  }
}
