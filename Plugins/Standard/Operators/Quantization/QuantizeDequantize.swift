import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// QuantizeLinear and DequantizeLinear with the same scales and zero points, which ModelZoo makes of the two: numbers
  /// rounded to what eight bits can hold. Inputs are x, float32, and scales and zero points as the two have them, with
  /// their attribute `axis`.
  static func quantizeDequantize(_ host: ZooHost) -> any Operator { QuantizeDequantize(host: host) }
}

private struct QuantizeDequantize: Operator {
  let signature = Signature("QuantizeDequantize", domain: "zoo", since: 1)
  let host: ZooHost

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (x, kernels) = (try node.input(0), host.kernels)
    let count = x.storedCount
    if let numbers = zs_steps(node, scale: 1, zero: 2) {
      let steps = try ElementwiseSteps(node, shape: x.shape)
      return ElementwiseKernel(steps, count: count, layout: x.layout, inPlace: [0], kernels: kernels) {
        call, piece, y in
        guard let x = call.input(0).data?.assumingMemoryBound(to: Float.self) else { return }
        kernels.raw.round_to_steps(x + piece.lowerBound, y, piece.count, numbers)
      }
    }
    let attributes = try QuantizationScale.Attributed(node)
    return ClosureKernel(inPlace: [0], layout: x.layout) { call in
      guard let x = call.input(0).data, let y = call.output(0).data else { return }
      let zeroPoint = call.input(2)
      let scale = try QuantizationScale(attributes, x: call.input(0), scale: call.input(1), zeroPoint: zeroPoint)
      let (numbers, results) = (x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self))
      _ = scale.forEachRun(of: count, type: zeroPoint.type, on: call.executor) { range, steps in
        kernels.raw.round_to_steps(numbers + range.lowerBound, results + range.lowerBound, range.count, steps)
      }
    }
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard let x = node.optionalInput(0), zs_steps(node, scale: 1, zero: 2) != nil else { return false }
    return ElementwiseSteps.accept(step, in: node, shape: x.shape)
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let (x, scale) = (try node.input(0), try node.input(1))
    guard x.layout == .nchw16c, try scale.count == 1 || node.attributes.int("axis") ?? 1 == 0 else { return nil }
    return try blockedChoice(node, keepsZero: true)
  }
}
