import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// zoo.DequantizeAdd, which ModelZoo makes of an Add and a DequantizeLinear with one scale: x + (q − zero) · scale, of float32
  /// and bytes of one shape. Inputs are x, q, scale and zero point.
  static func dequantizeAdd(_ host: ZooHost) -> any Operator { DequantizeBinary("DequantizeAdd", ZS_ADD, host: host) }

  /// zoo.DequantizeMul: x · (q − zero) · scale.
  static func dequantizeMul(_ host: ZooHost) -> any Operator { DequantizeBinary("DequantizeMul", ZS_MUL, host: host) }
}

private struct DequantizeBinary: Operator {
  let signature: Signature
  let code: zs_binary
  let host: ZooHost

  init(_ name: String, _ code: zs_binary, host: ZooHost) {
    signature = Signature(name, domain: "zoo", since: 1)
    (self.code, self.host) = (code, host)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (x, q) = (try node.input(0), try node.input(1))
    guard x.type == .float32, q.shape == x.shape, q.type == (try node.input(3).type) else {
      throw OperatorError(
        "numbers and bytes are of different shapes, or of other types than float32 and the zero point's")
    }
    guard let numbers = zs_steps(node, scale: 2, zero: 3) else {
      throw OperatorError("the scale and the zero point are not known, or no numbers that bytes can have")
    }
    let steps = try ElementwiseSteps(node, shape: x.shape, behind: .combined(code, input: 1, numbers))
    return ElementwiseKernel(steps, count: x.storedCount, layout: x.layout, inPlace: [0], kernels: host.kernels) {
      call, piece, y in
      guard let x = call.input(0).data?.assumingMemoryBound(to: Float.self) else { return }
      if x + piece.lowerBound != y { y.update(from: x + piece.lowerBound, count: piece.count) }
    }
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    (try? node.input(0).shape).map { ElementwiseSteps.accept(step, in: node, shape: $0) } ?? false
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let (x, q) = (try node.input(0), try node.input(1))
    guard x.layout == .nchw16c || q.layout == .nchw16c, var choice = try blockedChoice(node, keepsZero: true) else {
      return nil
    }
    choice.inputs[1] = .nchw16c
    return choice
  }
}
