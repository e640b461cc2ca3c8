import ZooCompiler
import ZooCore
import ZooNumbers
import ZooOperators

/// zoo RowBatches: a body that goes through rows one by one, run over as many of them as input 0 says, a batch at a time. Rows
/// of the outputs past that are zero.
///
/// Batches are of the full size and of its halves, so that there are few plans and no row is computed for nothing.
struct RowBatches: NativeOperation {
  private let body: RunnableBody
  private let batch: Int
  /// Of all rows, by output.
  private let results: [(type: ElementType, shape: [Int])]
  /// Of full batches.
  private let plan: Plan

  init(_ node: CompilerNode, in graph: CompilerGraph, _ shared: SharedParts, _ call: RunContext) throws {
    body = try RunnableBody(node, "body", shared)
    batch = max(node.int("batch") ?? 1, 1)
    results = try node.outputs.map { output in
      guard let facts = output.map({ graph[$0].facts }), let type = facts.elementType, let shape = facts.fixedShape
      else { throw ZooError(.defect, "the shape of a result is not known", at: node.label) }
      return (type, shape)
    }
    let rows = node.inputs.dropFirst().compactMap(\.self).map { [batch] value in
      let facts = graph[value].facts
      return ValueFacts(facts.kind, shape: facts.shape.map { [Dim(batch)] + $0.dropFirst() })
    }
    let captures = node.bodies.flatMap(\.captures).map {
      ValueFacts(graph[$0].facts.kind, shape: graph[$0].facts.shape)
    }
    plan = try body.plan(for: rows + captures, call)
  }

  var plans: [Plan] { [plan] }

  var summary: String? { "up to \(batch) rows at a time" }

  func run(_ inputs: [Value?], _ call: RunContext) throws -> [Value] {
    let memories = try results.map { try TensorMemory(byteCount: Tensor.byteCount(type: $0.type, shape: $0.shape)) }
    let all = results[0].shape[0]
    let count = min(max(try inputs.integer(0) ?? all, 0), all)
    let rows = try (0..<body.ownInputCount).map { try inputs.tensor($0 + 1) }
    var (start, size) = (0, batch)
    while start < count {
      while size > count - start { size /= 2 }
      let own = try rows.map { Value.tensor(try piece($0, axis: 0, start..<start + size)) }
      for (result, memory) in zip(try body.run(own, operands: inputs, call), memories) {
        guard let tensor = result.tensor else { throw ZooError(.defect, "a body of rows gives no tensor") }
        let width = memory.count / all
        guard tensor.byteCount == width * size else { throw ZooError(.defect, "a body of rows gives others") }
        tensor.withUnsafeBytes { bytes in
          UnsafeMutableRawBufferPointer(rebasing: memory.mutableBytes[(start * width)...]).copyMemory(from: bytes)
        }
      }
      start += size
    }
    return try zip(results, memories).map { result, memory in
      let rest = memory.mutableBytes[(memory.count / all * count)...]
      UnsafeMutableRawBufferPointer(rebasing: rest).initializeMemory(as: UInt8.self, repeating: 0)
      return .tensor(try Tensor(type: result.type, shape: result.shape, memory: memory))
    }
  }
}
