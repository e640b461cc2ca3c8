import PluginSupport
import ZooPlugin

/// ai.onnx.ml Normalizer: each row over its norm: the largest (MAX), the sum of magnitudes (L1), the length (L2).
struct Normalizer: Operator {
  let signature = Signature("Normalizer", domain: machineLearningDomain, since: 1)

  private enum Norm: String, Sendable {
    case maximum = "MAX"
    case sum = "L1"
    case length = "L2"
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let rows = try Rows(node.input(0))
    let name = try node.attributes.string("norm") ?? "MAX"
    guard let norm = Norm(rawValue: name) else { throw OperatorError("norm \(name) is unknown") }
    return ClosureKernel { call in
      guard let results = call.output(0).data?.assumingMemoryBound(to: Float.self) else { return }
      try Rows.withFloats(of: call.input(0)) { input in
        for row in 0..<rows.count {
          let own = UnsafeBufferPointer(start: input + row * rows.features, count: rows.features)
          let size: Float =
            switch norm {
            case .maximum: own.max() ?? 0
            case .sum: own.reduce(0) { $0 + abs($1) }
            case .length: own.reduce(0) { $0 + $1 * $1 }.squareRoot()
            }
          for index in own.indices { results[row * rows.features + index] = size == 0 ? own[index] : own[index] / size }
        }
      }
    }
  }
}
