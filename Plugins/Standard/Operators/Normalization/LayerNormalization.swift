import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX LayerNormalization. ONNX Runtime writes it into models of operator sets before 17, which brought it.
  static func layerNormalization(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("LayerNormalization", since: 1) { node in
      let axis = try node.attributes.int("axis") ?? -1
      let epsilon = try node.attributes.float("epsilon") ?? 1e-5
      for index in 1...2 {
        if let type = node.output(index)?.type, type != .float32 { throw unsupported(type) }
      }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0) else { return }
          let width = x.shape[(try normalized(axis: axis, rank: x.rank))...].reduce(1, *)
          let rows = LayerRows(x, width: width, outputs)
          let (scale, shift) = (try inputs[1], inputs.optional(2))
          if x.type == .float32 {
            rows.run(scale, shift, epsilon: epsilon, kernels: kernels)
          } else {
            rows.runDouble(scale, shift, epsilon: Double(epsilon))
          }
        }, inPlace: [0])
    }
  }
}

/// Rows of `width` elements that get the mean 0 and the variance 1, then scales and shifts by column. Outputs 1 and 2 are
/// the means, and the factors that made the variances 1.
private struct LayerRows {
  let x: TensorView
  let width: Int
  let outputs: Outputs

  init(_ x: TensorView, width: Int, _ outputs: Outputs) { (self.x, self.width, self.outputs) = (x, width, outputs) }

  private func forEachRow(_ body: (_ row: Int) -> (mean: Float, factor: Float)) {
    let means = outputs.data(1)?.assumingMemoryBound(to: Float.self)
    let deviations = outputs.data(2)?.assumingMemoryBound(to: Float.self)
    outputs.executor.parallelRanges(x.count / width, grain: max(1, 8192 / width)) { range in
      for row in range {
        let statistics = body(row)
        means?[row] = statistics.mean
        deviations?[row] = statistics.factor
      }
    }
  }

  func run(_ scale: TensorView, _ shift: TensorView?, epsilon: Float, kernels: VectorKernels) {
    let (source, target) = (x.pointer(as: Float.self), outputs.pointer(0, as: Float.self))
    let (factors, offsets) = (scale.pointer(as: Float.self), shift?.pointer(as: Float.self))
    forEachRow { row in
      let line = source + row * width
      let mean = kernels.raw.reduce(ZS_SUM.code, line, width) / Float(width)
      let variance = kernels.raw.sum_squared_deviation(line, width, mean) / Float(width)
      let factor = 1 / (variance + epsilon).squareRoot()
      kernels.raw.normalize(line, target + row * width, width, mean, factor, factors, offsets)
      return (mean, factor)
    }
  }

  func runDouble(_ scale: TensorView, _ shift: TensorView?, epsilon: Double) {
    let (source, target) = (x.pointer(as: Double.self), outputs.pointer(0, as: Double.self))
    let (factors, offsets) = (scale.pointer(as: Double.self), shift?.pointer(as: Double.self))
    forEachRow { row in
      let line = UnsafeBufferPointer(start: source + row * width, count: width)
      let (mean, variance) = moments(line)
      let factor = 1 / (variance + epsilon).squareRoot()
      for index in 0..<width {
        target[row * width + index] = (line[index] - mean) * factor * factors[index] + (offsets?[index] ?? 0)
      }
      return (Float(mean), Float(factor))
    }
  }
}
