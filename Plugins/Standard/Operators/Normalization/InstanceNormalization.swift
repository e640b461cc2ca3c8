import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX InstanceNormalization: each channel of each image by its own mean and variance.
  static func instanceNormalization(_ host: ZooHost) -> any Operator { InstanceNormalization(kernels: host.kernels) }
}

private struct InstanceNormalization: Operator {
  let signature = Signature("InstanceNormalization", since: 1)
  let kernels: VectorKernels

  private func plain() -> ShapedOperator {
    let kernels = kernels
    return ShapedOperator("InstanceNormalization") { node in
      let epsilon = try node.attributes.float("epsilon") ?? 1e-5
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          let (scales, shifts) = (try inputs[1].doubles(), try inputs[2].doubles())
          let channels = x[dimension: 1]
          try standardizeRows(
            x, to: outputs, width: x.shape[2...].reduce(1, *), pieces: 1, epsilon: epsilon, kernels: kernels
          ) { row, _ in (scales[row % channels], shifts[row % channels]) }
        }, inPlace: [0])
    }
  }

  func layouts(for node: Node) throws -> LayoutChoice? { try BlockedStandardization.layouts(for: node) }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    guard x.layout == .nchw16c else { return try plain().makeKernel(node, on: executor) }
    return try BlockedStandardization(
      x, groups: x[dimension: 1], isByGroup: false, epsilon: try node.attributes.float("epsilon") ?? 1e-5,
      kernels: kernels)
  }
}
