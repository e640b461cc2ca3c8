import CZooPlugin
import ZooCompiler
import ZooCore
import ZooOperators
import ZooPluginHost
import ZooSystem

/// What the registered plugins offer, as the compiler asks for it.
struct PluginProvider: OperatorProvider {
  let registry: OperatorRegistry
  let arithmetic: Arithmetic
  private let warnings = WarningsOnce()

  init(registry: OperatorRegistry, arithmetic: Arithmetic) { (self.registry, self.arithmetic) = (registry, arithmetic) }

  func warn(of value: String, _ message: String) { warnings.warn(value, message) }

  func require(_ node: CompilerNode) throws -> RegisteredOperator { try registry.require(node) }

  func offers(_ operatorType: String, domain: String, opset: Int64) -> Bool {
    registry.find(domain: domain, name: operatorType, opset: opset) != nil
  }

  func infer(_ node: CompilerNode, in graph: CompilerGraph) throws -> [ValueFacts] {
    try require(node).infer(BoundNode(node, in: graph, hasFacts: false, arithmetic: arithmetic), node)
  }

  func foldsSteps(_ node: CompilerNode) -> Bool {
    registry.find(domain: node.domain, name: node.operatorType, opset: node.opset)?.table.accepts != nil
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
      operation.table.choose_layouts != nil,
      // Plugins know tensors alone.
      node.operands.allSatisfy({ $0.map { graph[$0].facts.elementType != nil } ?? true })
    else { return plain }
    let choice = try operation.layouts(BoundNode(node, in: graph, arithmetic: arithmetic), node)
    return (choice.inputs.map { Layout(number: $0) }, choice.outputs.map { Layout(number: $0) })
  }

  func reorderDomain(of layout: Layout) -> String { LayoutTable.domain(of: layout) }

  /// Runs the node on this thread.
  func evaluate(_ node: CompilerNode, in graph: CompilerGraph, mostBytes: Int) throws -> [Tensor]? {
    let inputs = node.inputs.map { input in input.flatMap { graph[$0].constant } }
    let results: [Value]
    do {
      results = try SerialExecutor.with { executor in
        try run(node, inputs, RunContext(executor: executor, mostBytes: mostBytes))
      }
    } catch is OutputsInProgress.MoreThanAllowed { return nil }
    return try results.map { result in
      guard let tensor = result.tensor else { throw ZooError(.defect, "the result is no tensor", at: node.label) }
      return tensor
    }
  }

  /// What a node without bodies gives.
  func run(_ node: CompilerNode, _ inputs: [StoredTensor?], _ call: RunContext) throws -> [Value] {
    var graph = CompilerGraph()
    var alone = node
    alone.inputs = inputs.map { input in input.map { graph.addConstant($0, name: "") } }
    let facts = try graph.facts(of: alone, self)
    alone.outputs = facts.map { graph.addValue($0, name: node.name) }
    graph.insert(alone)
    for output in alone.outputs { if let output { graph.addOutput(output) } }
    let shared = SharedParts(provider: self, residents: ResidentConstants())
    try WidenHalves().run(&graph, shared.compileContext(call))
    return try PlanBuilder(graph: graph, shared: shared, call: call).build().run([], call)
  }
}

/// Runs one node on `inputs` (by position, `nil` for absent ones) and gives its outputs: for tests of operators.
///
/// - Throws: `ZooError` (`unsupported`) for an operator that nobody offers, (`badData`) for what the operator refuses.
package func runOperator(
  _ node: Node, inputs: [Tensor?], opset: Int64, registry: OperatorRegistry, pool: ThreadPool = .shared,
  threads: Int = .max
) throws -> [Tensor] {
  let provider = PluginProvider(registry: registry, arithmetic: Arithmetic())
  let compiled = CompilerNode(
    node.operatorType, domain: node.domain == "ai.onnx" ? "" : node.domain, opset: opset, name: node.name,
    inputs: [], outputs: node.outputs.map { _ in nil }, attributes: node.attributes)
  return try pool.withExecutor(limit: threads) { executor in
    try provider.run(
      compiled, inputs.map { $0.map { StoredTensor($0) } }, RunContext(executor: executor)
    ).compactMap(\.tensor)
  }
}
