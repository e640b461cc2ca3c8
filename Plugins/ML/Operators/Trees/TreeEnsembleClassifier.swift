import PluginSupport
import ZooPlugin

/// ai.onnx.ml TreeEnsembleClassifier: the label of the best class of each row, and the score of each class.
struct TreeEnsembleClassifier: Operator {
  let signature = Signature("TreeEnsembleClassifier", domain: machineLearningDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let trees = try TreeNodes(tuples: node.attributes, votes: "class")
    return try trees.isDouble || node.input(0).type == .float64
      ? kernel(trees, node, of: Double.self) : kernel(trees, node, of: Float.self)
  }

  private func kernel<Number: TreeNumber>(_ trees: TreeNodes, _ node: Node, of _: Number.Type) throws -> any Kernel {
    let labels = try ClassLabels(node, ints: "classlabels_int64s")
    let rows = try Rows(node.input(0))
    let forest = try Forest<Number>(
      trees, features: rows.features, targets: labels.count, aggregate: .sum, host: node.host)
    let base = try node.attributes.preciseNumbers("base_values")
    guard labels.count <= 2 || base.values.isEmpty || base.values.count == labels.count else {
      throw OperatorError("there are \(base.values.count) base values for \(labels.count) classes")
    }
    let votes = try ClassVotes<Number>(
      classes: labels.count, base: base.values.map { Number($0) }, transform: PostTransform(node),
      isOneSided: Set(trees.targets).count == 1, isPositive: trees.weights.allSatisfy { $0 >= 0 })
    return ClosureKernel { call in
      let (scores, has) = try forest.scores(call.input(0), count: rows.count, call)
      let classes = try call.host.scratch(repeating: 0, count: rows.count)
      let results = try call.host.scratch(repeating: Float(0), count: scores.count)
      scores.withPointer { scores in
        has.withPointer { has in
          results.withPointer { results in
            classes.withPointer { classes in
              call.executor.parallelRanges(rows.count, grain: 4096 / labels.count + 1) { range in
                for row in range {
                  let first = row * labels.count
                  classes[row] = votes.finish(
                    scores + first, has + first,
                    to: UnsafeMutableBufferPointer(start: results + first, count: labels.count))
                }
              }
            }
          }
        }
      }
      results.withPointer {
        call.output(1).data?.copyMemory(from: $0, byteCount: results.count * MemoryLayout<Float>.size)
      }
      try labels.write(classes, to: call)
    }
  }
}

/// How the votes for classes become a label and scores, as ONNX Runtime reads the specification.
struct ClassVotes<Number: TreeNumber>: Sendable {
  let classes: Int
  let base: [Number]
  let transform: PostTransform
  /// Whether all leaves speak of one and the same class.
  let isOneSided: Bool
  let isPositive: Bool

  /// Returns the class and writes scores.
  func finish(
    _ scores: UnsafeMutablePointer<Number>, _ has: UnsafeMutablePointer<UInt8>,
    to results: UnsafeMutableBufferPointer<Float>
  ) -> Int {
    if classes > 2 { return finishMany(scores, has, to: results) }
    var first = scores[0]
    guard classes == 2 else {
      results[0] = Float(first + (base.first ?? 0))
      transform.apply(results)
      return 0
    }
    var second = scores[1]
    let (saysFirst, saysSecond) = (has[0] != 0, has[1] != 0)
    if base.count == 2, saysSecond {
      second = base[1] + first
      first = -second
    } else {
      first += base.first ?? 0
    }
    let positive = saysSecond ? second : first
    if saysSecond || base.count == 2 {
      (results[0], results[1]) = (saysFirst ? Float(first) : 0, Float(second))
      transform.apply(results)
    } else {
      spread(Float(first), to: results)
    }
    return positive > (isOneSided && isPositive ? 0.5 : 0) ? 1 : 0
  }

  /// One score that stands for two classes.
  private func spread(_ score: Float, to results: UnsafeMutableBufferPointer<Float>) {
    switch transform {
    case .logistic: (results[0], results[1]) = (logisticFunction(-score), logisticFunction(score))
    case .probit:
      results[0] = score
      transform.apply(UnsafeMutableBufferPointer(rebasing: results[..<1]))
    case .none, .softmax, .softmaxZero:
      (results[0], results[1]) = (isOneSided && isPositive ? 1 - score : -score, score)
    }
  }

  private func finishMany(
    _ scores: UnsafeMutablePointer<Number>, _ has: UnsafeMutablePointer<UInt8>,
    to results: UnsafeMutableBufferPointer<Float>
  ) -> Int {
    for index in 0..<min(base.count, classes) {
      scores[index] += base[index]
      has[index] = 1
    }
    var best = -1
    for index in 0..<classes {
      if has[index] != 0, best < 0 || scores[index] > scores[best] { best = index }
      results[index] = Float(scores[index])
    }
    transform.apply(results)
    return max(best, 0)
  }
}
