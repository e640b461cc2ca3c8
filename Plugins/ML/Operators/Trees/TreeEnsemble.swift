import PluginSupport
import ZooPlugin

/// ai.onnx.ml TreeEnsemble: for each row what the leaves of all trees say of each target.
struct TreeEnsemble: Operator {
  let signature = Signature("TreeEnsemble", domain: machineLearningDomain, since: 5)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let aggregates: [TreeAggregate] = [.average, .sum, .least, .greatest]
    let transforms: [PostTransform] = [.none, .softmax, .logistic, .softmaxZero, .probit]
    let aggregate = try node.attributes.int("aggregate_function") ?? 1
    let transform = try node.attributes.int("post_transform") ?? 0
    guard aggregates.indices.contains(aggregate), transforms.indices.contains(transform) else {
      throw OperatorError("aggregate_function is \(aggregate), post_transform \(transform)")
    }
    return try TreeRegression(
      aggregate: aggregates[aggregate], transform: transforms[transform], targets: node.targetCount()
    ).kernel(TreeNodes(positions: node.attributes), node)
  }
}
