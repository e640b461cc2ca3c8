import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// BatchNormalization by the mean and variance of the batch, which the running ones take in.
///
/// From version 14 on outputs are the result and the running mean and variance, before that the batch's own behind them.
struct BatchNormalizationTraining: Sendable {
  private let view: AxisView
  private let epsilon, momentum: Double

  init(_ node: Node, _ view: AxisView) throws {
    self.view = view
    epsilon = Double(try node.attributes.float("epsilon") ?? 1e-5)
    momentum = Double(try node.attributes.float("momentum") ?? 0.9)
  }

  func run<Number>(_ call: Call, _ loops: BatchNormalizationLoops<Number>) throws {
    let x = call.input(0).pointer(as: Number.self)
    let result = call.output(0).data?.assumingMemoryBound(to: Number.self)
    let parameters = try (1..<5).map { try call.input($0).doubles() }
    let (scale, shift, means, variances) = (parameters[0], parameters[1], parameters[2], parameters[3])
    let batch = try (0..<2).map { _ in try call.host.scratch(view.length, of: Double.self) }
    let count = Double(view.outer * view.inner)
    call.executor.parallelRanges(view.length, grain: max(1, 8192 / max(view.outer * view.inner, 1))) { channels in
      for channel in channels {
        let mean = planes(of: channel).reduce(0) { $0 + loops.sum(x + $1, view.inner) } / count
        let squares = planes(of: channel).reduce(0) { $0 + loops.squares(x + $1, view.inner, mean) }
        (batch[0][channel], batch[1][channel]) = (mean, squares / count)
        guard let result else { continue }
        let factor = scale[channel] / (squares / count + epsilon).squareRoot()
        for plane in planes(of: channel) {
          loops.scale(x + plane, result + plane, view.inner, factor, shift[channel] - mean * factor)
        }
      }
    }
    for (index, statistics) in [means, variances].enumerated() {
      for channel in 0..<view.length {
        statistics[channel] = statistics[channel] * momentum + batch[index][channel] * (1 - momentum)
      }
    }
    for (index, values) in ([means, variances] + batch).enumerated() where index + 1 < call.outputCount {
      let output = call.output(index + 1)
      if let data = output.data { try store(values, to: data, as: output.type) }
    }
  }

  /// Where a channel's numbers begin, by sample.
  private func planes(of channel: Int) -> some Sequence<Int> {
    (0..<view.outer).lazy.map { ($0 * view.length + channel) * view.inner }
  }
}

/// The loops over numbers of one type.
struct BatchNormalizationLoops<Number: BinaryFloatingPoint & BitwiseCopyable>: Sendable {
  let sum: @Sendable (_ x: UnsafePointer<Number>, _ count: Int) -> Double
  /// Of differences to a mean.
  let squares: @Sendable (_ x: UnsafePointer<Number>, _ count: Int, _ mean: Double) -> Double
  /// y = factor · x + shift.
  let scale:
    @Sendable (
      _ x: UnsafePointer<Number>, _ y: UnsafeMutablePointer<Number>, _ count: Int, _ factor: Double, _ shift: Double
    ) -> Void
}

extension BatchNormalizationLoops<Float> {
  init(_ kernels: VectorKernels) {
    sum = { Double(kernels.raw.reduce(ZS_SUM.code, $0, $1)) }
    squares = { Double(kernels.raw.sum_squared_deviation($0, $1, Float($2))) }
    scale = { kernels.raw.affine($0, $1, $2, Float($3), Float($4)) }
  }
}

extension BatchNormalizationLoops<Double> {
  init() {
    sum = { x, count in (0..<count).reduce(0) { $0 + x[$1] } }
    squares = { x, count, mean in (0..<count).reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) } }
    scale = { x, y, count, factor, shift in for index in 0..<count { y[index] = factor * x[index] + shift } }
  }
}
