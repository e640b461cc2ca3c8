import KernelSupport
import PluginSupport
import ZooPlugin

/// ai.onnx.ml LinearRegressor: X · coefficientsᵀ + intercepts, then `post_transform`.
struct LinearRegressor: Operator {
  let signature = Signature("LinearRegressor", domain: machineLearningDomain, since: 1)
  let kernels: VectorKernels

  private func model(_ node: Node) throws -> LinearModel {
    let targets = try node.attributes.int("targets") ?? 1
    guard targets > 0 else { throw OperatorError("attribute targets is \(targets)") }
    return try LinearModel(
      coefficients: try node.attributes.numbers("coefficients"), intercepts: try node.attributes.numbers("intercepts"),
      outputs: targets, features: try Rows(node.input(0)).features, kernels: kernels)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let model = try model(node)
    let transform = try PostTransform(node)
    let count = try Rows(node.input(0)).count
    return ClosureKernel { call in
      guard let results = call.output(0).data?.assumingMemoryBound(to: Float.self) else { return }
      try Rows.withFloats(of: call.input(0)) {
        model.apply(to: $0, count: count, results: results, stride: model.outputs, executor: call.executor)
      }
      for row in 0..<count {
        transform.apply(UnsafeMutableBufferPointer(start: results + row * model.outputs, count: model.outputs))
      }
    }
  }
}
