import ZooCompiler
import ZooCore
import ZooNumbers
import ZooOperators

/// ONNX Loop: a body that is run again and again, up to a number of times and while a condition holds, on what it gave the
/// time before. What it gives besides is stacked.
struct LoopOperation: NativeOperation {
  private let body: RunnableBody
  private let carriedCount: Int
  private let hasLimit: Bool
  private let hasCondition: Bool
  private let stackFacts: [ValueFacts]

  init(_ node: CompilerNode, in graph: CompilerGraph, _ shared: SharedParts) throws {
    // Trailing inputs that are left out are not there at all.
    carriedCount = max(node.inputs.count - 2, 0)
    body = try RunnableBody(node, "body", shared, givable: 2..<2 + carriedCount)
    hasLimit = node.inputs.first.flatMap { $0 } != nil
    hasCondition = node.inputs.count > 1 && node.inputs[1] != nil
    guard body.ownInputCount == carriedCount + 2, body.outputCount >= carriedCount + 1,
      node.outputs.count <= body.outputCount - 1
    else {
      throw ZooError(
        .badData, "the numbers of the loop's and of its body's inputs and outputs don't fit", at: node.label)
    }
    stackFacts = (carriedCount..<body.outputCount - 1).map { node.facts(ofOutput: $0, in: graph) }
  }

  func run(_ inputs: [Value?], _ call: RunContext) throws -> [Value] {
    let limit = hasLimit ? try inputs.integer(0) ?? .max : .max
    var goesOn = hasCondition ? try inputs.truth(1) ?? true : true
    let carried = try (0..<carriedCount).map { try inputs.value($0 + 2) }
    let counter = try Tensor([0 as Int64], shape: [])
    // There is no turn with another condition.
    let condition = Value.tensor(try Tensor([true], shape: []))
    var turns = Turns(
      body, looks: 1, try [.tensor(counter), condition] + carried + body.around(inputs), carried: 2..<2 + carriedCount,
      call)
    var turn = 0
    while turn < limit, goesOn {
      counter.memory?.mutableBytes.storeBytes(of: Int64(turn), as: Int64.self)
      guard let next = try turns.run().first?.tensor else {
        throw ZooError(.badData, "the body's condition is no tensor")
      }
      goesOn = try next.truth()
      turn += 1
    }
    // Without a turn the initial values are the results, which belong to the run.
    let last = try turn == 0 ? carried.map { try $0.owned() } : Array(turns.carriedValues)
    return try last
      + zip(turns.stacks, stackFacts).map { tensors, facts in
        .tensor(tensors.isEmpty ? try emptyStack(facts, axis: 0) : try stacked(tensors, axis: 0))
      }
  }
}

extension CompilerNode {
  /// What is known of an output; a value of any kind stands for one that nobody reads.
  func facts(ofOutput index: Int, in graph: CompilerGraph) -> ValueFacts {
    guard outputs.indices.contains(index), let output = outputs[index] else { return ValueFacts(.float32, [0]) }
    return graph[output].facts
  }
}

/// A stack of no tensors: extents that only the body tells are 0.
///
/// - Parameter facts: What is known of the stack.
func emptyStack(_ facts: ValueFacts, axis: Int) throws -> Tensor {
  guard let type = facts.elementType else { throw ZooError(.badData, "what is stacked has no element type") }
  var shape = (facts.shape ?? [0]).map { $0.number ?? 0 }
  if shape.indices.contains(axis) { shape[axis] = 0 }
  return type == .string ? try Tensor(strings: [], shape: shape) : try Tensor(type: type, shape: shape) { _ in }
}
