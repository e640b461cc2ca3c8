import ZooCore
import ZooOperators

extension InferFacts {
  /// Gradients of Gradients double what they differentiate, and more.
  private static let mostNodes = 1 << 18

  /// Puts the function that a Gradient differentiates, and reverse accumulation through it, in the Gradient's place, once
  /// the shapes that derivatives depend on are known.
  ///
  /// - Returns: `nil` for any other node; else where to go on.
  func expandGradient(_ id: NodeID, _ graph: inout CompilerGraph, _ context: CompileContext) throws -> (
    next: NodeID?, Void
  )? {
    let node = graph[id]
    guard let declaration = node.declaration, declaration.isGradient else { return nil }
    let gradients = try ZooError.locating(node.label) { () -> CompilerGraph? in
      _ = try declaration.infer(Inference(node, in: graph))
      let inputs = node.inputs.map { $0.map { graph[$0].facts } }
      let function = try InferFacts(differentiates: true).body(gradientFunction, inputs, node, graph, context)
      var reverse = ReverseAccumulation(function, node, context)
      if try reverse.run() {
        guard graph.nodeCount + reverse.graph.nodeCount <= Self.mostNodes else {
          throw ZooError(.unsupported, "derivatives have the graph come to more than \(Self.mostNodes) nodes")
        }
        return reverse.graph
      }
      let isGiven = node.operands.allSatisfy { $0.map { graph[$0].facts.isPlannable } ?? true }
      guard !isGiven else {
        throw ZooError(.unsupported, "shapes within what it differentiates are known only when that has run")
      }
      return nil
    }
    guard let gradients, let body = node.bodies.first(where: { $0.name == gradientFunction }) else { return nil }
    let inputs = node.inputs.compactMap(\.self) + body.captures
    return (graph.replace(id, byContentsOf: gradients, inputs: inputs), ())
  }
}

/// Reverse accumulation through a graph with one output: behind its nodes, those that make the gradients of its first inputs
/// are added, and become its outputs.
private struct ReverseAccumulation {
  private(set) var graph: CompilerGraph
  private let node: CompilerNode
  private let context: CompileContext
  /// Values that depend on inputs with a gradient.
  private var active: Set<ValueID>
  private var gradients: [ValueID: ValueID] = [:]

  init(_ function: CompilerGraph, _ node: CompilerNode, _ context: CompileContext) {
    (graph, self.node, self.context) = (function, node, context)
    active = Set(zip(function.inputs, node.outputs).compactMap { $1 == nil ? nil : $0 })
  }

  /// - Returns: Whether all is known that the derivatives depend on.
  mutating func run() throws -> Bool {
    let y = graph.outputs[0]
    guard let type = graph[y].facts.elementType, graph.inputs.allSatisfy({ graph[$0].facts.kind != nil }) else {
      return false
    }
    guard type.isContinuous else {
      throw ZooError(.badData, "y is \(type.name), not a tensor of floating point numbers")
    }
    let nodes = activeNodes()
    if active.contains(y) { gradients[y] = try fill(1, like: y) }
    for id in nodes.reversed() where graph[id].outputs.contains(where: { $0.map { gradients[$0] != nil } ?? false }) {
      guard try accumulate(id) else { return false }
    }
    let inputs = graph.inputs.prefix(node.outputs.count)
    graph.setOutputs(try inputs.map { try gradients[$0] ?? fill(0, like: $0) })
    graph.removeDeadCode()
    return true
  }

  /// The nodes through which gradients may go.
  private mutating func activeNodes() -> [NodeID] {
    graph.nodes.filter { id in
      let node = graph[id]
      guard node.declaration?.traits.contains(.readsShapeOnly) != true,
        node.operands.contains(where: { $0.map(active.contains) ?? false })
      else { return false }
      for case let output? in node.outputs {
        // Whole numbers change by steps.
        if graph[output].facts.elementType?.isContinuous ?? true { active.insert(output) }
      }
      return true
    }
  }

  /// Adds to the gradients of a node's inputs what those of its outputs come to.
  private mutating func accumulate(_ id: NodeID) throws -> Bool {
    let node = graph[id]
    let given = node.outputs.indices.filter { index in node.outputs[index].map { gradients[$0] != nil } ?? false }
    let body = try ZooError.locating(node.label) {
      guard let declaration = node.declaration, !node.isExpanded else { return FunctionBody?.none }
      return try declaration.gradients(
        of: Inference(node, in: graph), outputs: node.outputs.map { $0.map { graph[$0].facts } ?? ValueFacts(nil) },
        gradients: Set(given))
    }
    guard let body else { return false }
    var values: [FunctionBody.Value: ValueID] = [:]
    for (index, output) in node.outputs.enumerated() {
      values[.output(index)] = output
      values[.gradient(index)] = output.flatMap { gradients[$0] }
    }
    let results = try insert(body, inputs: node.inputs, values)
    for (input, result) in zip(node.inputs, results) {
      guard let input, let result, active.contains(input) else { continue }
      gradients[input] = gradients[input].map { add($0, result) } ?? result
    }
    return true
  }

  private mutating func add(_ left: ValueID, _ right: ValueID) -> ValueID {
    let sum = graph.addValue(ValueFacts(nil), name: node.name)
    graph.insert(
      CompilerNode("Add", opset: FunctionBody.opset, name: node.name, inputs: [left, right], outputs: [sum]))
    return sum
  }

  private mutating func fill(_ number: Double, like value: ValueID) throws -> ValueID {
    let body = try FunctionBody.filled(number, like: graph[value].facts)
    guard let filled = try insert(body, inputs: [value], [:])[0] else {
      throw ZooError(.unsupported, "the type of what it differentiates is not known", at: node.label)
    }
    return filled
  }

  private mutating func insert(
    _ body: FunctionBody, inputs: [ValueID?], _ values: [FunctionBody.Value: ValueID]
  ) throws -> [ValueID?] {
    var expansion = Expansion(nil, node, inputs: inputs, values, context)
    return try expansion.insert(body, into: &graph)
  }
}
