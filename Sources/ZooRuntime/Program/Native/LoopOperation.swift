import ZooCompiler
import ZooCore
import ZooOperators

/// ONNX Loop: a body that is run again and again, up to a number of times and while a condition holds, on what it gave the
/// time before. What it gives besides is stacked.
struct LoopOperation: NativeOperation {
  private let body: RunnableBody
  private let carriedCount: Int
  private let hasLimit: Bool
  private let hasCondition: Bool

  init(_ node: CompilerNode, in graph: CompilerGraph, _ shared: SharedParts) throws {
    body = try RunnableBody(node, "body", shared)
    // Trailing inputs that are left out are not there at all.
    carriedCount = max(node.inputs.count - 2, 0)
    hasLimit = node.inputs.first.flatMap { $0 } != nil
    hasCondition = node.inputs.count > 1 && node.inputs[1] != nil
    guard body.ownInputCount == carriedCount + 2, body.outputs.count >= carriedCount + 1,
      node.outputs.count <= body.outputs.count - 1
    else {
      throw ZooError(
        .badData, "the numbers of the loop's and of its body's inputs and outputs don't fit", at: node.label)
    }
  }

  func run(_ inputs: [Value?], _ call: RunContext) throws -> [Value] {
    let limit = hasLimit ? try inputs.integer(0) ?? .max : .max
    var goesOn = hasCondition ? try inputs.truth(1) ?? true : true
    var carried = try (0..<carriedCount).map { try inputs.value($0 + 2) }
    var stacks = [[Tensor]](repeating: [], count: body.outputs.count - 1 - carriedCount)
    var turn = 0
    while turn < limit, goesOn {
      let count = Value.tensor(try Tensor([Int64(turn)], shape: []))
      let condition = Value.tensor(try Tensor([goesOn], shape: []))
      let results = try body.run([count, condition] + carried, operands: inputs, call)
      guard let next = results[0].tensor else { throw ZooError(.badData, "the body's condition is no tensor") }
      goesOn = try next.truth()
      carried = Array(results[1...].prefix(carriedCount))
      for (index, result) in results.dropFirst(carriedCount + 1).enumerated() {
        guard let tensor = result.tensor else { throw ZooError(.badData, "what a loop stacks is no tensor") }
        stacks[index].append(tensor)
      }
      turn += 1
    }
    // Without a turn the initial values are the results, which belong to the run.
    if turn == 0 { carried = try carried.map { try $0.owned() } }
    let stacked = try stacks.enumerated().map { index, tensors in
      try stack(tensors, orLike: body.outputs[carriedCount + 1 + index])
    }
    return carried + stacked
  }

  private func stack(_ tensors: [Tensor], orLike facts: ValueFacts) throws -> Value {
    guard tensors.isEmpty else { return .tensor(try stacked(tensors, axis: 0)) }
    return .tensor(try emptyStack(like: facts))
  }
}

/// A stack of no tensors of which something is known.
func emptyStack(like facts: ValueFacts) throws -> Tensor {
  let shape = [0] + (facts.shape ?? []).map { $0.number ?? 0 }
  guard let type = facts.elementType else { throw ZooError(.badData, "what a loop stacks has no element type") }
  return type == .string ? try Tensor(strings: [], shape: shape) : try Tensor(type: type, shape: shape) { _ in }
}
