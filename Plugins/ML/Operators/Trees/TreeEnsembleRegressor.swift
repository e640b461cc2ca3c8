import PluginSupport
import ZooPlugin

/// ai.onnx.ml TreeEnsembleRegressor: for each row what the leaves of all trees say of each target.
struct TreeEnsembleRegressor: Operator {
  let signature = Signature("TreeEnsembleRegressor", domain: machineLearningDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let name = try node.attributes.string("aggregate_function") ?? "SUM"
    guard let aggregate = TreeAggregate(rawValue: name) else {
      throw OperatorError("aggregate_function \(name) is unknown")
    }
    let base = try node.attributes.preciseNumbers("base_values")
    return try TreeRegression(
      aggregate: aggregate, transform: PostTransform(node), targets: node.targetCount(), base: base.values
    ).kernel(TreeNodes(tuples: node.attributes, votes: "target"), node)
  }
}

extension Node {
  func targetCount() throws -> Int {
    guard let targets = try attributes.int("n_targets"), targets > 0 else {
      throw OperatorError("attribute n_targets is missing or not positive")
    }
    return targets
  }
}
