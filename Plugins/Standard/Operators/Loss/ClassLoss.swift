import PluginSupport
import ZooPlugin

/// What NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss have in common: of logarithms of probabilities, those of the
/// classes that are right, weighted and reduced.
struct ClassLoss: Sendable {
  private enum Reduction { case none, sum, mean }

  private let reduction: Reduction
  private let ignored: Int?

  init(_ node: Node) throws {
    switch try node.attributes.string("reduction") ?? "mean" {
    case "none": reduction = .none
    case "sum": reduction = .sum
    case "mean": reduction = .mean
    case let other: throw OperatorError("the reduction \"\(other)\" is unknown")
    }
    ignored = try node.attributes.int("ignore_index")
  }

  /// Writes the loss of `logarithms`, which have the shape of the scores, to output 0.
  ///
  /// - Throws: `OperatorError` for a class that does not exist.
  func write<Number: BinaryFloatingPoint>(
    _ logarithms: UnsafePointer<Number>, _ inputs: Inputs, _ outputs: Outputs
  ) throws {
    guard let loss = outputs.data(0)?.assumingMemoryBound(to: Number.self), let targets = try inputs[1].integers()
    else { return }
    let view = AxisView(try inputs[0].shape, axis: 1)
    let weights = inputs.optional(2)?.pointer(as: Number.self)
    var (sum, total) = (0.0, 0.0)
    for index in 0..<targets.count {
      let (outer, inner) = (index / view.inner, index % view.inner)
      let target = targets[index]
      var (value, weight): (Number, Number) = (0, 0)
      if target != ignored {
        guard target >= 0, target < view.length else {
          throw OperatorError("target \(index) is class \(target), there are \(view.length)")
        }
        weight = weights.map { $0[target] } ?? 1
        value = -logarithms[(outer * view.length + target) * view.inner + inner] * weight
      }
      if reduction == .none { loss[index] = value }
      sum += Double(value)
      total += Double(weight)
    }
    if reduction != .none { loss[0] = Number(reduction == .sum ? sum : sum / total) }
  }
}
