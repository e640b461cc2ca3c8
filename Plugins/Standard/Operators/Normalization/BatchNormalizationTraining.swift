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

  func run<Number: BinaryFloatingPoint & BitwiseCopyable>(_ call: Call, _: Number.Type) throws {
    let x = call.input(0).pointer(as: Number.self)
    let result = call.output(0).data?.assumingMemoryBound(to: Number.self)
    let parameters = try (1..<5).map { try call.input($0).doubles() }
    guard let scale = parameters[0], let shift = parameters[1], let means = parameters[2], let variances = parameters[3]
    else { return }
    let batch = try (0..<2).map { _ in try call.host.scratch(view.length, of: Double.self) }
    let count = Double(view.outer * view.inner)
    call.executor.parallelRanges(view.length, grain: max(1, 8192 / max(view.outer * view.inner, 1))) { channels in
      for channel in channels {
        var (sum, squares) = (0.0, 0.0)
        forEachPlane(of: channel) { plane in for place in plane { sum += Double(x[place]) } }
        let mean = sum / count
        forEachPlane(of: channel) { plane in
          for place in plane { squares += (Double(x[place]) - mean) * (Double(x[place]) - mean) }
        }
        (batch[0][channel], batch[1][channel]) = (mean, squares / count)
        let factor = scale[channel] / (squares / count + epsilon).squareRoot()
        guard let result else { continue }
        forEachPlane(of: channel) { plane in
          for place in plane { result[place] = Number((Double(x[place]) - mean) * factor + shift[channel]) }
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

  private func forEachPlane(of channel: Int, _ body: (Range<Int>) -> Void) {
    for image in 0..<view.outer {
      let first = (image * view.length + channel) * view.inner
      body(first..<first + view.inner)
    }
  }
}
