import PluginSupport
import ZooPlugin

/// ai.onnx.ml Scaler: (X - offset) · scale, for each feature or with one of them for all.
struct Scaler: Operator {
  let signature = Signature("Scaler", domain: machineLearningDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let rows = try Rows(node.input(0))
    let (offset, scale) = (try node.attributes.numbers("offset"), try node.attributes.numbers("scale"))
    guard [1, rows.features].contains(offset.count), [1, rows.features].contains(scale.count) else {
      throw OperatorError("\(offset.count) offsets and \(scale.count) scales don't go with \(rows.features) features")
    }
    return ClosureKernel { call in
      guard let results = call.output(0).data?.assumingMemoryBound(to: Float.self) else { return }
      try Rows.withFloats(of: call.input(0)) { input in
        for index in 0..<rows.count * rows.features {
          let feature = index % rows.features
          results[index] =
            (input[index] - offset[offset.count == 1 ? 0 : feature]) * scale[scale.count == 1 ? 0 : feature]
        }
      }
    }
  }
}
