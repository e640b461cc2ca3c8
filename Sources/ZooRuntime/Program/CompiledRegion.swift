import ZooCompiler
import ZooOperators

/// A part of a graph that is planned at once, for people.
package struct CompiledRegion {
  /// After all passes, or, where shapes are missing that only running tells, before those that need them.
  package var graph: CompilerGraph
  /// How each of the graph's nodes is computed; `nil` where shapes are missing.
  package var steps: [CompiledModel.Step]?
  /// Memory for each run, of a region that is planned.
  package var arenaByteCount = 0
  /// By the place of the node that runs them.
  package var bodies: [Int: [(name: String, regions: [CompiledRegion])]] = [:]

  /// What becomes of a graph whose inputs have their facts.
  static func all(of graph: CompilerGraph, _ shared: SharedParts, _ call: RunContext) throws -> [CompiledRegion] {
    let context = shared.compileContext(call)
    var regions: [CompiledRegion] = []
    var rest: CompilerGraph? = graph
    while var whole = rest {
      let region = try Region(firstOf: &whole, context)
      rest = region.rest
      var made = CompiledRegion(graph: region.graph)
      if whole.inputs.allSatisfy({ whole[$0].facts.isPlannable }) {
        try optimize(&made.graph, context, passes: allPasses)
        let plan = try PlanBuilder(graph: made.graph, shared: shared, call: call).build()
        made.steps = plan.steps.map(CompiledModel.Step.init)
        made.arenaByteCount = plan.arenaByteCount + plan.workspaceByteCount
      }
      for (place, node) in made.graph.nodes.enumerated() where !made.graph[node].bodies.isEmpty {
        let inferred = try InferFacts().bodies(of: made.graph[node], in: made.graph, context)
        made.bodies[place] = try zip(made.graph[node].bodies, inferred).map { body, inferred in
          var inner = inferred.graph
          inner.takeShapes(of: made.graph[node], to: body.ownInputCount, in: made.graph)
          return (body.name, try all(of: inner, shared, call))
        }
      }
      regions.append(made)
    }
    return regions
  }
}

extension CompilerGraph {
  /// What a body carries from turn to turn has, in the first one, the shapes of the node's inputs.
  fileprivate mutating func takeShapes(of node: CompilerNode, to count: Int, in graph: CompilerGraph) {
    for (place, input) in inputs.prefix(count).enumerated() where self[input].facts.fixedShape == nil {
      let operand = place < node.inputs.count ? node.inputs[place] : nil
      let own = self[input].facts
      // A condition that is left out is one truth value.
      let shape = operand.map { graph[$0].facts.shape } ?? (own.elementType == .bool ? [] : nil)
      guard let shape, own.shape == nil || own.shape?.count == shape.count,
        operand == nil || operand.map({ graph[$0].facts.kind }) == own.kind
      else { continue }
      self[input].facts.shape = shape
    }
  }
}
