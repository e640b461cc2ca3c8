import ZooCore

/// Folds elementwise operators onto the node that makes their input, where that node's operator accepts them.
package struct FuseEpilogues: Pass {
  package let name = "fusing epilogues"

  /// No operator folds in more, and asking about a sum of thousands, once for each of its operands, takes long.
  private static let mostOperands = 8
  private static let mostSteps = 16

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    // Products first: what they take is read while it is in registers.
    for isProduct in [true, false] { try run(&graph, context, products: isProduct) }
  }

  private func run(_ graph: inout CompilerGraph, _ context: CompileContext, products isProduct: Bool) throws {
    var next = graph.firstNode
    while let id = next {
      next = graph.node(after: id)
      guard (graph[id].declaration?.traits.contains(.product) ?? false) == isProduct else { continue }
      guard context.provider.foldsSteps(graph[id]) else { continue }
      var grown = id
      while let reader = try absorbed(by: grown, in: graph, context) {
        if next == reader.id { next = graph.node(after: reader.id) }
        // The step's other operands may be made after the node, but not after the step.
        graph.remove(grown)
        graph.update(reader.id) { $0 = reader.node }
        grown = reader.id
      }
    }
  }

  /// The node with its only reader folded in, and that reader's place.
  private func absorbed(
    by id: NodeID, in graph: CompilerGraph, _ context: CompileContext
  ) throws -> (id: NodeID, node: CompilerNode)? {
    let node = graph[id]
    guard node.outputs.dropFirst().allSatisfy({ $0.map { !graph.isRead($0) } ?? true }), let value = node.outputs.first,
      let value, let place = graph.onlyReader(of: value)
    else { return nil }
    let reader = graph[place]
    guard reader.domain.isEmpty || reader.domain == internalDomain, reader.outputs.count == 1,
      let result = reader.outputs[0], reader.bodies.isEmpty,
      reader.inputs.count <= Self.mostOperands, node.epilogue.count < Self.mostSteps, reader.epilogue.isEmpty,
      !reader.inputs.contains(nil), let shape = graph.shape(of: value), shape == graph.shape(of: result)
    else { return nil }
    let step = FusedStep(
      operatorType: reader.operatorType, attributes: reader.attributes,
      operands: reader.inputs.map { $0 == value ? nil : $0 })
    guard try context.provider.accepts(step, on: node, in: graph) else { return nil }
    var grown = node
    grown.epilogue.append(step)
    grown.outputs[0] = result
    return (place, grown)
  }
}
