import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Clip.
  static func clip(_ host: ZooHost) -> any Operator { Clip(host: host) }
}

/// Bounds are attributes up to opset 10 and inputs from 11 on.
private struct Clip: Operator {
  let signature = Signature("Clip", since: 1)
  let host: ZooHost

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let input = try node.input(0)
    for index in 1..<3 {
      if let bound = node.optionalInput(index), bound.type != input.type || bound.count != 1 {
        throw OperatorError(
          "bound \(index) must be one \(input.type.name), not \(bound.type.name) of shape \(bound.shape)")
      }
    }
    if input.type == .float32, let function = constant(node) {
      return try unaryKernel(function, node, kernels: host.kernels)
    }
    return ClipKernel(
      type: input.type, count: input.count, low: try bound("min", node), high: try bound("max", node),
      kernels: host.kernels)
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let input = try node.input(0)
    guard input.layout == .nchw16c, input.type == .float32, let function = constant(node) else { return nil }
    return try blockedChoice(node, keepsZero: function.keepsZero)
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard let x = node.optionalInput(0), x.type == .float32, constant(node) != nil else { return false }
    return ElementwiseSteps.accept(step, in: node, shape: x.shape)
  }

  private func bound(_ name: String, _ node: Node) throws -> Float? {
    node.opset < 11 ? try node.attributes.float(name) : nil
  }

  /// The function, where the bounds are known.
  private func constant(_ node: Node) -> Activation? {
    Activation(clip: node.opset < 11 ? node.attributes : nil, bounds: [1, 2].map(node.optionalInput))
  }
}

private final class ClipKernel: Kernel {
  let type: ElementType
  let count: Int
  let low: Float?
  let high: Float?
  let kernels: VectorKernels

  init(type: ElementType, count: Int, low: Float?, high: Float?, kernels: VectorKernels) {
    self.type = type
    self.count = count
    self.low = low
    self.high = high
    self.kernels = kernels
  }

  var inPlaceInputs: [Int] { [0] }

  func run(_ call: Call) throws {
    guard let x = call.input(0).data, let y = call.output(0).data else { return }
    if low != nil || high != nil {
      let function = Activation(code: ZS_CLIP.code, a: low ?? -.infinity, b: high ?? .infinity)
      return try apply(function, type: type, x, y, count, kernels: kernels, executor: call.executor)
    }
    if x != y { y.copyMemory(from: x, byteCount: count * (try type.elementByteCount)) }
    for (index, code) in [(1, ZS_MAX), (2, ZS_MIN)] {
      guard let bound = call.optionalInput(index)?.data else { continue }
      guard zs_typed_binary(type.rawValue, code.code, y, 1, bound, 0, y, count) == 1 else { throw unsupported(type) }
    }
  }
}
