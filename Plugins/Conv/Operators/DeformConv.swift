import CVectorKernels
import PluginSupport
import ZooPlugin

/// ONNX DeformConv (Dai et al. 2017, Zhu et al. 2019): a convolution whose taps move by offsets that are an input, and
/// weigh as much as a mask says.
struct DeformConv: Operator {
  let signature: Signature
  let host: ZooHost

  init(since: Int64, host: ZooHost) {
    signature = Signature("DeformConv", since: since)
    self.host = host
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let g = try DeformConvGeometry(node)
    let kernels = host.kernels
    switch try node.input(0).type {
    case .float32:
      let width = kernels.raw.panel_columns
      return ClosureKernel { call in
        try DeformConvRun<Float>(g, call, columnStep: width).run { weights, columns, packed, result, count in
          kernels.raw.pack(columns, count, 1, g.depth, count, 1, 0, (count + width - 1) / width, packed)
          var product = zs_gemm()
          (product.a, product.a_stride, product.b) = (weights, g.depth, UnsafePointer(packed))
          (product.c, product.c_stride) = (result, g.positions)
          (product.rows, product.columns, product.depth) = (g.groupOutputs, count, g.depth)
          (product.form, product.activation) = (ZS_NUMBERS.code, ZS_IDENTITY.code)
          kernels.multiply(&product, rows: 0..<g.groupOutputs, panels: 0..<(count + width - 1) / width)
        }
      }
    case .float64:
      return ClosureKernel { call in
        try DeformConvRun<Double>(g, call, columnStep: 16).run { weights, columns, _, result, count in
          for row in 0..<g.groupOutputs {
            let line = result + row * g.positions
            line.update(repeating: 0, count: count)
            for depth in 0..<g.depth {
              let (factor, column) = (weights[row * g.depth + depth], columns + depth * count)
              for index in 0..<count { line[index] += factor * column[index] }
            }
          }
        }
      }
    case let type: throw unsupported(type)
    }
  }
}

/// The shapes and attributes of a node, checked.
struct DeformConvGeometry: Sendable {
  let window: Window
  let batch, channels, outputs, groups, offsetGroups: Int

  init(_ node: Node) throws {
    let (x, weights) = (try node.input(0), try node.input(1))
    guard x.rank >= 3, weights.rank == x.rank else {
      throw OperatorError("weights of shape \(weights.shape) don't fit an input of shape \(x.shape)")
    }
    (batch, channels, outputs) = (x.shape[0], x.shape[1], weights.shape[0])
    groups = try node.attributes.int("group") ?? 1
    offsetGroups = try node.attributes.int("offset_group") ?? 1
    guard groups > 0, offsetGroups > 0, channels % groups == 0, outputs % groups == 0, channels % offsetGroups == 0,
      weights.shape[1] == channels / groups
    else {
      throw OperatorError(
        "\(groups) groups and \(offsetGroups) groups of offsets don't fit \(channels) channels and weights of shape "
          + "\(weights.shape)")
    }
    window = try Window(node.attributes, input: Array(x.shape[2...]), kernel: Array(weights.shape[2...]))
    let taps = try offsetGroups.times(window.taps)
    let wanted = [
      (2, [batch, try taps.times(x.rank - 2)] + window.output), (3, [outputs]), (4, [batch, taps] + window.output),
    ]
    for (index, shape) in wanted {
      guard let input = index == 2 ? try node.input(2) : node.optionalInput(index) else { continue }
      guard input.shape == shape, input.type == x.type else {
        throw OperatorError("input \(index) is \(input.type.name) of shape \(input.shape) in place of \(shape)")
      }
    }
    _ = try elementCount(outputShape)
  }

  var outputShape: [Int] { [batch, outputs] + window.output }
  var groupChannels: Int { channels / groups }
  var groupOutputs: Int { outputs / groups }
  /// Of the product of weights and samples.
  var depth: Int { groupChannels * window.taps }
  var positions: Int { window.output.reduce(1, *) }
  var pixels: Int { window.input.reduce(1, *) }
  /// Pixels that a sample is interpolated between.
  var corners: Int { 1 << window.input.count }
}
