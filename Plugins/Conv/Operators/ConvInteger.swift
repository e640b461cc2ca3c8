import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX's ConvInteger: exact sums of 8-bit integers, as int32.
struct ConvInteger: Operator {
  let signature = Signature("ConvInteger", since: 10)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let conv = try IntegerConv(node, weights: 1, bias: nil)
    if saturatingProduct(conv.geometry.outputShape) == 0 { return EmptyKernel() }
    return ClosureKernel { call in
      guard let target = call.output(0).data?.assumingMemoryBound(to: Int32.self) else { return }
      try conv.run(
        call.input(0), call.input(1), xZero: call.optionalInput(2), weightZero: call.optionalInput(3), call.executor
      ) { plane, sums in (target + plane * conv.positions).update(from: sums, count: conv.positions) }
    }
  }
}
