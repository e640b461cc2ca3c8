import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX BatchNormalization, with the trained statistics (inference), or those of the batch (training).
  static func batchNormalization(_ host: ZooHost) -> any Operator { BatchNormalization(host: host) }
}

private struct BatchNormalization: Operator {
  let signature = Signature("BatchNormalization", since: 1)
  let host: ZooHost

  /// Versions before 9 may have a mean and a variance for each position.
  private func isSpatial(_ node: Node) throws -> Bool {
    guard node.opset < 9 else { return true }
    return try node.attributes.int("spatial") ?? 1 != 0
  }

  /// Samples, what each has a mean and a variance for, and numbers of each.
  private func features(_ node: Node) throws -> AxisView {
    let shape = try node.input(0).shape
    let isSpatial = try isSpatial(node)
    return AxisView(isSpatial ? shape : [shape[0], shape[1...].reduce(1, *)], axis: 1)
  }

  /// Before version 14, a node is in training where it gives more than the result.
  private func isTraining(_ node: Node) throws -> Bool {
    let givesStatistics = (1..<max(node.outputCount, 1)).contains { node.output($0) != nil }
    guard node.opset >= 14 else { return givesStatistics }
    let isTraining = try node.attributes.int("training_mode") ?? 0 != 0
    guard isTraining || !givesStatistics else {
      throw OperatorError("there are no running statistics where training_mode is 0")
    }
    return isTraining
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard node.epilogue.isEmpty, let x = try? node.input(0), x.type == .float32, (try? isTraining(node)) == false,
      let activation = Activation(step, in: node)
    else { return false }
    return [ZS_RELU, ZS_CLIP, ZS_LEAKY_RELU].contains { $0.code == activation.code }
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let x = try node.input(0)
    guard try !isTraining(node), try isSpatial(node), x.layout == .nchw16c, x.type == .float32,
      let activation = Activation.only(of: node), activation.keepsZero || x[dimension: 1] % 16 == 0
    else { return nil }
    return LayoutChoice(inputs: [.nchw16c], outputs: [.nchw16c])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    guard x.type == .float32 || x.type == .float64 else { throw unsupported(x.type) }
    if try isTraining(node) {
      let training = try BatchNormalizationTraining(node, try features(node))
      let isDouble = x.type == .float64
      let loops = BatchNormalizationLoops<Float>(host.kernels)
      return ClosureKernel { call in
        if isDouble { try training.run(call, BatchNormalizationLoops<Double>()) } else { try training.run(call, loops) }
      }
    }
    let epsilon = try node.attributes.float("epsilon") ?? 1e-5
    let activation = try Activation.required(of: node)
    let view = try features(node)
    if x.type == .float64 { return doubleKernel(view, epsilon: Double(epsilon)) }
    let (batch, channels, positions) = (view.outer, view.length, view.inner)
    let kernels = host.kernels
    let isBlocked = x.layout == .nchw16c
    return ClosureKernel(inPlace: [0], layout: x.layout) { call in
      guard positions > 0, let x = call.input(0).data?.assumingMemoryBound(to: Float.self),
        let y = call.output(0).data?.assumingMemoryBound(to: Float.self)
      else { return }
      let width = isBlocked ? 16 : 1
      let groups = (channels + width - 1) / width
      let converted = try (1..<5).map { try call.input($0).type == .float32 ? nil : call.input($0).floats() }
      defer { withExtendedLifetime(converted) {} }
      let parameters = (1..<5).map { index in
        converted[index - 1]?.withPointer { $0 } ?? call.input(index).pointer(as: Float.self)
      }
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

  private func doubleKernel(_ view: AxisView, epsilon: Double) -> any Kernel {
    ClosureKernel(inPlace: [0]) { call in
      guard call.output(0).count > 0 else { return }
      let (x, y) = (call.input(0).pointer(as: Double.self), call.output(0).pointer(as: Double.self))
      let parameters = try (1..<5).map { try call.input($0).doubles() }
      let (factors, shifts, means, variances) = (parameters[0], parameters[1], parameters[2], parameters[3])
      for row in 0..<view.outer * view.length {
        let channel = row % view.length
        let scale = factors[channel] / (variances[channel] + epsilon).squareRoot()
        for index in row * view.inner..<(row + 1) * view.inner {
          y[index] = (x[index] - means[channel]) * scale + shifts[channel]
        }
      }
    }
  }
}
