import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX BatchNormalization, with the trained statistics (inference).
  static func batchNormalization(_ host: Host) -> any Operator { BatchNormalization(host: host).withHalves() }
}

private struct BatchNormalization: Operator {
  let signature = Signature("BatchNormalization", since: 1)
  let host: Host

  func infer(_ node: Node) throws -> [OutputType] {
    let x = try node.input(0)
    guard try node.attributes.int("training_mode") ?? 0 == 0, node.opset >= 7 || node.outputCount == 1 else {
      throw OperatorError("batch normalisation in training mode is not supported", kind: .unsupported)
    }
    guard x.rank >= 2 else { throw OperatorError("the input of shape \(x.shape) has no channels") }
    for index in 1..<5 {
      let parameter = try node.input(index)
      guard parameter.shape == [x[dimension: 1]], parameter.type.isHalf || x.type.isHalf || parameter.type == x.type
      else {
        throw OperatorError("input \(index) must have one \(x.type.name) for each of \(x[dimension: 1]) channels")
      }
    }
    return [OutputType(like: x)] + (1..<max(node.outputCount, 1)).map { _ in OutputType(like: x) }
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard node.epilogue.isEmpty, let x = try? node.input(0), x.type == .float32,
      let activation = Activation(step, in: node)
    else { return false }
    return [ZS_RELU, ZS_CLIP, ZS_LEAKY_RELU].contains { $0.code == activation.code }
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let x = try node.input(0)
    guard x.layout == .nchw16c, x.type == .float32, let activation = Activation.only(of: node),
      activation.keepsZero || x[dimension: 1] % 16 == 0
    else { return nil }
    return LayoutChoice(inputs: [.nchw16c], outputs: [.nchw16c])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    let epsilon = try node.attributes.float("epsilon") ?? 1e-5
    let activation = try Activation.required(of: node)
    guard x.type == .float32 else {
      guard x.type == .float64 else { throw unsupported(x.type) }
      return doubleKernel(x.shape, epsilon: Double(epsilon))
    }
    let (batch, channels, positions) = (x[dimension: 0], x[dimension: 1], x.shape[2...].reduce(1, *))
    let kernels = host.kernels
    let isBlocked = x.layout == .nchw16c
    return ClosureKernel(inPlace: [0], layout: x.layout) { call in
      guard positions > 0, let x = call.input(0).data?.assumingMemoryBound(to: Float.self),
        let y = call.output(0).data?.assumingMemoryBound(to: Float.self)
      else { return }
      let width = isBlocked ? 16 : 1
      let groups = (channels + width - 1) / width
      let parameters = (1..<5).map { call.input($0).pointer(as: Float.self) }
      call.executor.parallelRanges(batch * groups, grain: max(1, 16384 / max(1, positions * width))) { range in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 32) { lanes in
          let (scale, shift) = (lanes.baseAddress.unsafelyUnwrapped, lanes.baseAddress.unsafelyUnwrapped + 16)
          for index in range {
            for lane in 0..<width {
              let channel = index % groups * width + lane
              let exists = channel < channels
              scale[lane] =
                exists ? parameters[0][channel] / (parameters[3][channel] + epsilon).squareRoot() : 0
              shift[lane] = exists ? parameters[1][channel] - parameters[2][channel] * scale[lane] : 0
            }
            let place = index * positions * width
            if isBlocked {
              kernels.raw.affine_lanes(x + place, y + place, positions, scale, shift)
            } else {
              kernels.raw.affine(x + place, y + place, positions, scale[0], shift[0])
            }
            if activation != .identity {
              kernels.raw.unary(
                activation.code, y + place, y + place, positions * width, activation.a, activation.b)
            }
          }
        }
      }
    }
  }

  private func doubleKernel(_ shape: [Int], epsilon: Double) -> any Kernel {
    ClosureKernel(inPlace: [0]) { call in
      let view = AxisView(shape, axis: 1)
      guard call.output(0).count > 0 else { return }
      let (x, y) = (call.input(0).pointer(as: Double.self), call.output(0).pointer(as: Double.self))
      let parameters = (1..<5).map { call.input($0).pointer(as: Double.self) }
      for row in 0..<view.outer * view.length {
        let channel = row % view.length
        let scale = parameters[0][channel] / (parameters[3][channel] + epsilon).squareRoot()
        for index in row * view.inner..<(row + 1) * view.inner {
          y[index] = (x[index] - parameters[2][channel]) * scale + parameters[1][channel]
        }
      }
    }
  }
}
