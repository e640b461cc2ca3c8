import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GroupNormalization (Wu and He 2018). Scales and biases are those of groups before opset 21, of channels since.
  static func groupNormalization(_ host: ZooHost) -> any Operator { GroupNormalization(kernels: host.kernels) }
}

private struct GroupNormalization: Operator {
  let signature = Signature("GroupNormalization", since: 18)
  let kernels: VectorKernels

  private static func groups(_ node: Node) throws -> Int {
    guard let groups = try node.attributes.int("num_groups"), groups > 0 else {
      throw OperatorError("attribute num_groups is missing, or not positive")
    }
    return groups
  }

  private func plain() -> ShapedOperator {
    let kernels = kernels
    return ShapedOperator("GroupNormalization", since: 18) { node in
      let epsilon = try node.attributes.float("epsilon") ?? 1e-5
      let (groups, isByGroup) = (try Self.groups(node), node.opset < 21)
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          let (scales, shifts) = (try inputs[1].doubles(), try inputs[2].doubles())
          let channels = x[dimension: 1] / groups
          try standardizeRows(
            x, to: outputs, width: x.shape[2...].reduce(channels, *), pieces: channels, epsilon: epsilon,
            kernels: kernels
          ) { row, piece in
            let place = isByGroup ? row % groups : row % groups * channels + piece
            return (scales[place], shifts[place])
          }
        }, inPlace: [0])
    }
  }

  func layouts(for node: Node) throws -> LayoutChoice? { try BlockedStandardization.layouts(for: node) }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    guard x.layout == .nchw16c else { return try plain().makeKernel(node, on: executor) }
    return try BlockedStandardization(
      x, groups: try Self.groups(node), isByGroup: node.opset < 21,
      epsilon: try node.attributes.float("epsilon") ?? 1e-5, kernels: kernels)
  }
}
