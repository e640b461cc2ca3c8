import ZooCompiler
import ZooCore

/// ONNX SequenceMap: a body for each element of a sequence, and for the same places of further ones.
struct SequenceMapOperation: NativeOperation {
  private let body: RunnableBody
  private let inputCount, outputCount: Int

  init(_ node: CompilerNode, _ shared: SharedParts) throws {
    body = try RunnableBody(node, "body", shared)
    (inputCount, outputCount) = (node.inputs.count, node.outputs.count)
    guard inputCount >= 1, body.ownInputCount == inputCount, body.outputCount >= outputCount else {
      throw ZooError(.badData, "the numbers of inputs and outputs don't fit", at: node.label)
    }
  }

  func run(_ inputs: [Value?], _ call: RunContext) throws -> [Value] {
    guard case .sequence(let first) = try inputs.value(0) else { throw ZooError(.badData, "input 0 is no sequence") }
    var results = [[Value]](repeating: [], count: outputCount)
    for index in first.indices {
      let own = try (0..<inputCount).map { position -> Value in
        guard case .sequence(let elements) = try inputs.value(position) else { return try inputs.value(position) }
        guard elements.count == first.count else { throw ZooError(.badData, "the sequences differ in length") }
        return elements[index]
      }
      for (output, value) in try body.run(own, operands: inputs, call).prefix(outputCount).enumerated() {
        results[output].append(value)
      }
    }
    return results.map { .sequence($0) }
  }
}
