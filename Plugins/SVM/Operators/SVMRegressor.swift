import KernelSupport
import PluginSupport
import ZooPlugin

/// ai.onnx.ml SVMRegressor: a sum over support vectors plus rho; with `one_class`, only its sign.
struct SVMRegressor: Operator {
  let signature = Signature("SVMRegressor", domain: machineLearningDomain, since: 1)
  let kernels: VectorKernels

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let rows = try Rows(node.input(0))
    let coefficients = try node.attributes.numbers("coefficients")
    let supports = try node.attributes.int("n_supports") ?? 0
    // Without support vectors, the coefficients are a linear model's.
    let isLinear = supports == 0
    let vectors = try SupportVectors(
      node, vectors: isLinear ? coefficients : try node.attributes.numbers("support_vectors"),
      count: isLinear ? 1 : supports, features: rows.features, kernels: kernels)
    guard isLinear || coefficients.count == supports else {
      throw OperatorError("there are \(coefficients.count) coefficients for \(supports) support vectors")
    }
    guard let rho = try node.attributes.numbers("rho").first else { throw OperatorError("attribute rho is missing") }
    let transform = try PostTransform(node)
    let isOneClass = try node.attributes.int("one_class") ?? 0 != 0
    let weights = isLinear ? [1] : coefficients
    return ClosureKernel { call in
      guard let results = call.output(0).data?.assumingMemoryBound(to: Float.self) else { return }
      let values = try call.host.scratch(call.executor.workerCount.times(vectors.count), of: Float.self)
      try Rows.withFloats(of: call.input(0)) { input in
        call.executor.parallelFor(rows.count) { row, worker in
          values.withPointer { values in
            let own = values + worker * vectors.count
            vectors.values(input + row * rows.features, to: own)
            var sum = rho
            for index in 0..<vectors.count { sum += weights[index] * own[index] }
            results[row] = isOneClass ? (sum > 0 ? 1 : -1) : sum
            transform.apply(UnsafeMutableBufferPointer(start: results + row, count: 1))
          }
        }
      }
    }
  }
}
