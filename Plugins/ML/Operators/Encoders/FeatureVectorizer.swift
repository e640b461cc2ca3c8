import PluginSupport
import ZooPlugin

/// ai.onnx.ml FeatureVectorizer: the rows of all inputs side by side, each cut or filled up with zeros to the length that
/// `inputdimensions` names.
struct FeatureVectorizer: Operator {
  let signature = Signature("FeatureVectorizer", domain: machineLearningDomain, since: 1)

  /// Rows of all inputs, and how long each input's are in the result.
  private func form(_ node: Node) throws -> (rows: Int, lengths: [Int]) {
    let lengths = try node.attributes.ints("inputdimensions") ?? []
    guard lengths.count == node.ownInputCount, lengths.allSatisfy({ $0 >= 0 }), !lengths.isEmpty else {
      throw OperatorError("inputdimensions is \(lengths) for \(node.ownInputCount) inputs")
    }
    let counts = try lengths.indices.map { try Self.rows(node.input($0)).count }
    guard Set(counts).count == 1 else { throw OperatorError("the inputs have \(counts) rows") }
    return (counts[0], lengths)
  }

  /// One dimension is one row; all dimensions after the first are features.
  private static func rows(_ tensor: TensorView) throws -> (count: Int, features: Int) {
    guard tensor.rank > 0 else { throw OperatorError("an input is a scalar") }
    guard [.float32, .float64, .int64, .int32].contains(tensor.type) else { throw unsupported(tensor.type) }
    let count = tensor.rank == 1 ? 1 : tensor[dimension: 0]
    return (count, count == 0 ? 0 : tensor.count / count)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (count, lengths) = try form(node)
    let width = lengths.reduce(0) { $0.saturatingPlus($1) }
    return ClosureKernel { call in
      let output = call.output(0)
      guard output.data != nil else { return }
      let results = output.pointer(as: Float.self)
      results.update(repeating: 0, count: output.count)
      var column = 0
      for (index, length) in lengths.enumerated() {
        let input = call.input(index)
        let features = try Self.rows(input).features
        try Rows.withFloats(of: input) { x in
          for row in 0..<count {
            (results + row * width + column).update(from: x + row * features, count: min(length, features))
          }
        }
        column += length
      }
    }
  }
}
