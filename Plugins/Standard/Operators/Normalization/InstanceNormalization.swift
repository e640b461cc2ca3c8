import CStandardKernels
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

  func layouts(for node: Node) throws -> LayoutChoice? {
    let x = try node.input(0)
    guard x.layout == .nchw16c, x.type == .float32 else { return nil }
    return LayoutChoice(inputs: [.nchw16c, .plain, .plain], outputs: [.nchw16c])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    guard x.layout == .nchw16c else { return try plain().makeKernel(node, on: executor) }
    let epsilon = try node.attributes.float("epsilon") ?? 1e-5
    let (batch, channels, positions) = (x[dimension: 0], x[dimension: 1], x.shape[2...].reduce(1, *))
    let (blocks, kernels) = ((channels + 15) / 16, kernels)
    return ClosureKernel(inPlace: [0], layout: .nchw16c) { call in
      guard positions > 0, let x = call.input(0).data?.assumingMemoryBound(to: Float.self),
        let y = call.output(0).data?.assumingMemoryBound(to: Float.self)
      else { return }
      let (scales, shifts) = (try call.input(1).floats(), try call.input(2).floats())
      call.executor.parallelRanges(batch * blocks, grain: max(1, 1024 / positions)) { range in
        for index in range {
          let channel = index % blocks * 16
          let place = index * positions * 16
          standardizeLanes(
            x + place, y + place, positions, lanes: min(16, channels - channel), epsilon: epsilon, kernels: kernels
          ) { (scales[channel + $0], shifts[channel + $0]) }
        }
      }
    }
  }
}

/// Each of 16 channels that lie side by side gets the mean 0 and the variance 1, then its scale and shift; those past `lanes`
/// become zero.
private func standardizeLanes(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ positions: Int, lanes: Int, epsilon: Float,
  kernels: VectorKernels, scale: (_ lane: Int) -> (factor: Float, shift: Float)
) {
  withUnsafeTemporaryAllocation(of: Float.self, capacity: 48) { memory in
    let (factors, shifts) = (memory.baseAddress.unsafelyUnwrapped, memory.baseAddress.unsafelyUnwrapped + 16)
    let part = shifts + 16
    func means(_ operation: Int32, of values: UnsafePointer<Float>) -> SIMD16<Double> {
      var sums = SIMD16<Double>.zero
      // Long sums of float32 lose digits.
      for first in stride(from: 0, to: positions, by: 512) {
        kernels.raw.reduce_rows(operation, values + first * 16, min(512, positions - first), 16, part, 16)
        for lane in 0..<16 { sums[lane] += Double(part[lane]) }
      }
      return sums / Double(positions)
    }
    let mean = means(ZS_SUM.code, of: x)
    for lane in 0..<16 { (factors[lane], shifts[lane]) = (1, Float(-mean[lane])) }
    kernels.raw.affine_lanes(x, y, positions, factors, shifts)
    let variance = means(ZS_SUM_SQUARE.code, of: y)
    for lane in 0..<16 {
      guard lane < lanes else {
        (factors[lane], shifts[lane]) = (0, 0)
        continue
      }
      let (factor, shift) = scale(lane)
      (factors[lane], shifts[lane]) = (factor / (Float(variance[lane]) + epsilon).squareRoot(), shift)
    }
    kernels.raw.affine_lanes(y, y, positions, factors, shifts)
  }
}
