import CZooPlugin
import ZooCompiler
import ZooCore
import ZooOperators

/// What the registered plugins offer, as the compiler asks for it.
struct PluginProvider: OperatorProvider {
  let registry: OperatorRegistry
  let arithmetic: Arithmetic

  func require(_ node: CompilerNode) throws -> RegisteredOperator { try registry.require(node) }

  func offers(_ operatorType: String, domain: String, opset: Int64) -> Bool {
    registry.find(domain: domain, name: operatorType, opset: opset) != nil
  }

  func infer(_ node: CompilerNode, in graph: CompilerGraph) throws -> [ValueFacts] {
    try require(node).infer(BoundNode(node, in: graph, arithmetic: arithmetic), node)
  }

  func foldsSteps(_ node: CompilerNode) -> Bool {
    registry.find(domain: node.domain, name: node.operatorType, opset: node.opset)?.table.pointee.accepts != nil
  }

  func accepts(_ step: FusedStep, on node: CompilerNode, in graph: CompilerGraph) throws -> Bool {
    let bound = try BoundNode(node, in: graph, judging: step, arithmetic: arithmetic)
    return try require(node).accepts(step, in: bound)
  }

  func layouts(
    of node: CompilerNode, in graph: CompilerGraph
  ) throws -> (operands: [Layout], outputs: [Layout]) {
    let plain = (
      operands: node.operands.map { _ in Layout.plain }, outputs: node.outputs.map { _ in Layout.plain }
    )
    guard let operation = registry.find(domain: node.domain, name: node.operatorType, opset: node.opset),
      operation.table.pointee.choose_layouts != nil
    else { return plain }
    let choice = try operation.layouts(BoundNode(node, in: graph, arithmetic: arithmetic), node)
    return (choice.inputs.map(Layout.init), choice.outputs.map(Layout.init))
  }

  /// Runs the node on this thread.
  func evaluate(_ node: CompilerNode, in graph: CompilerGraph) throws -> [Tensor] {
    var one = CompilerGraph()
    var copies: [ValueID?] = []
    for input in node.inputs {
      copies.append(try input.map { try one.addConstant(StoredTensor(constant($0, graph)), name: graph[$0].name) })
    }
    var alone = node
    alone.inputs = copies
    alone.outputs = node.outputs.map { output in output.map { one.addValue(graph[$0].facts, name: graph[$0].name) } }
    return try SerialExecutor.with { try run(alone, in: one, executor: $0) }
  }

  private func constant(_ value: ValueID, _ graph: CompilerGraph) throws -> Tensor {
    guard let constant = graph[value].constant else {
      throw ZooError(.defect, "\"\(graph[value].name)\" is no constant")
    }
    return try constant.load()
  }
}

extension Layout {
  init(_ number: Int32) { self.init(number: number) }
}
