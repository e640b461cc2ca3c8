import ZooCompiler
import ZooCore

/// ONNX If: the branch that the condition chooses.
struct IfOperation: NativeOperation {
  private let branches: [Bool: RunnableBody]
  private let outputCount: Int

  init(_ node: CompilerNode, _ shared: SharedParts) throws {
    branches = [
      true: try RunnableBody(node, "then_branch", shared), false: try RunnableBody(node, "else_branch", shared),
    ]
    outputCount = node.outputs.count
    guard branches.values.allSatisfy({ $0.ownInputCount == 0 && $0.outputCount >= node.outputs.count }) else {
      throw ZooError(.badData, "a branch has inputs, or fewer outputs than its If", at: node.label)
    }
  }

  func run(_ inputs: [Value?], _ call: RunContext) throws -> [Value] {
    guard let condition = try inputs.truth(0), let branch = branches[condition] else {
      throw ZooError(.badData, "the condition is missing")
    }
    return Array(try branch.run([], operands: inputs, call).prefix(outputCount))
  }
}
