import KernelSupport
import PluginSupport
import ZooPlugin

/// ai.onnx.ml LinearClassifier: a linear score for each class, and the label of the best.
///
/// With one row of coefficients for two labels, the score is the second class's; the first one's is 1 minus it, or with
/// LOGISTIC the logistic function of its negative.
struct LinearClassifier: Operator {
  let signature = Signature("LinearClassifier", domain: machineLearningDomain, since: 1)
  let kernels: VectorKernels

  /// Rows of coefficients, and scores that come out.
  private func counts(_ node: Node) throws -> (rows: Int, scores: Int) {
    let intercepts = try node.attributes.numbers("intercepts").count
    let labels = try ClassLabels(node).count
    let rows = intercepts > 0 ? intercepts : labels
    guard rows > 0 else { throw OperatorError("there are neither labels nor intercepts") }
    return (rows, rows == 1 && labels == 2 ? 2 : rows)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (rows, scores) = try counts(node)
    let shape = try Rows(node.input(0))
    let labels = try ClassLabels(node)
    let transform = try PostTransform(node)
    let model = try LinearModel(
      coefficients: try node.attributes.numbers("coefficients"), intercepts: try node.attributes.numbers("intercepts"),
      outputs: rows, features: shape.features, kernels: kernels)
    return ClosureKernel { call in
      let results = try call.host.scratch(repeating: Float(0), count: shape.count.times(scores))
      let classes = try call.host.scratch(repeating: 0, count: shape.count)
      try results.withPointer { first in
        try Rows.withFloats(of: call.input(0)) {
          model.apply(to: $0, count: shape.count, results: first, stride: scores, executor: call.executor)
        }
        for row in 0..<shape.count {
          let own = UnsafeMutableBufferPointer(start: first + row * scores, count: scores)
          if rows == 1 {
            classes[row] = own[0] > 0 ? 1 : 0
            BinaryScores.complement.write(own[0], transform, to: own)
          } else {
            classes[row] = own.indices.max { own[$0] < own[$1] } ?? 0
            transform.apply(own)
          }
        }
        call.output(1).data?.copyMemory(from: first, byteCount: results.count * MemoryLayout<Float>.size)
      }
      try labels.write(classes, to: call)
    }
  }
}

/// How the one score of a classifier of two classes becomes two, as ONNX Runtime has it.
enum BinaryScores: Sendable {
  /// 1 - s and s.
  case complement
  /// -s and s.
  case negative

  /// Writes one or two scores to `target`.
  func write(_ score: Float, _ transform: PostTransform, to target: UnsafeMutableBufferPointer<Float>) {
    target[0] = score
    guard target.count == 2 else { return transform.apply(target) }
    switch transform {
    case .logistic: (target[0], target[1]) = (logisticFunction(-score), logisticFunction(score))
    case .probit:
      target[1] = score
      target[0] = 1 - score
      transform.apply(target)
    case .none, .softmax, .softmaxZero:
      (target[0], target[1]) = (self == .complement ? 1 - score : -score, score)
    }
  }
}
