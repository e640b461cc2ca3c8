import ZooCore
import ZooOperators
import ZooNumbers

/// Has float16 and bfloat16 computed as float32, so that kernels know one of the three: nodes read and give float32, and
/// are fused and laid out like all others. What the graph gives is rounded, and so is what only moves or is cast.
///
/// Between two nodes nothing is rounded, which is as ONNX Runtime has it on CPUs.
package struct WidenHalves: Pass {
  package let name = "widening half precision"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    _ = try widen(&graph, context)
  }

  /// - Returns: Whether there was anything to widen.
  func widen(_ graph: inout CompilerGraph, _ context: CompileContext) throws -> Bool {
    guard graph.values.contains(where: { $0.facts.isHalf }) else { return false }
    var widened = WidenedValues(context)
    for id in Array(graph.nodes) {
      try ZooError.locating(graph[id].label) { try widen(id, &graph, &widened) }
    }
    return true
  }

  private func widen(_ id: NodeID, _ graph: inout CompilerGraph, _ widened: inout WidenedValues) throws {
    let node = graph[id]
    let halves = node.inputs.compactMap { $0.flatMap { graph[$0].facts.isHalf ? $0 : nil } }
    guard !halves.isEmpty, let declaration = node.declaration, node.bodies.isEmpty,
      !declaration.traits.contains(.readsTypes),
      // What only moves stays small until somebody computes with it.
      declaration.traits.isDisjoint(with: [.view, .copies]) || halves.contains(where: widened.knows),
      node.outputs.allSatisfy({ $0.map { graph[$0].facts.elementType != nil } ?? true })
    else { return }
    var wide = node
    wide.inputs = try node.inputs.map { input in
      try input.map { graph[$0].facts.isHalf ? try widened.value(of: $0, before: id, &graph) : $0 }
    }
    let facts = try declaration.infer(Inference(wide, in: graph))
    let isSame = zip(node.outputs, facts).allSatisfy { output, known in
      guard let output else { return true }
      return known.kind == graph[output].facts.kind || known.elementType == .float32 && graph[output].facts.isHalf
    }
    guard isSame else { throw ZooError(.unsupported, "half precision can't be computed as float32 here") }
    if node.isOperator("Cast"), facts[0].elementType == .float32, let output = node.outputs[0],
      let same = wide.inputs[0]
    {
      graph.remove(id)
      return graph.redirect(output, to: same)
    }
    var casts: [CompilerNode] = []
    wide.outputs = zip(node.outputs, facts).map { output, known in
      guard let output, known.kind != graph[output].facts.kind else { return output }
      return widened.add(output, known, as: node, &graph, &casts)
    }
    graph.replace(id, by: [wide] + casts)
  }
}

/// The values that are there as float32, too.
private struct WidenedValues {
  private let context: CompileContext
  private var table: [ValueID: ValueID] = [:]

  init(_ context: CompileContext) { self.context = context }

  func knows(_ value: ValueID) -> Bool { table[value] != nil }

  /// `value` as float32, for nodes from `place` on.
  mutating func value(of value: ValueID, before place: NodeID, _ graph: inout CompilerGraph) throws -> ValueID {
    if let known = table[value] { return known }
    let name = graph[value].name
    var cast = cast(value, to: .float32, name: name)
    let made: ValueID
    if let constant = try graph[value].constant?.asFloat32() {
      made = graph.addDerived(constant, by: OperationKey(cast), of: [value], name: name, context)
    } else {
      made = graph.addValue(ValueFacts(.tensor(.float32), shape: graph[value].facts.shape), name: name)
      cast.outputs = [made]
      graph.insert(cast, before: place)
    }
    table[value] = made
    return made
  }

  /// A float32 value for what `node` gives in place of `value`, which becomes what that is rounded to.
  mutating func add(
    _ value: ValueID, _ facts: ValueFacts, as node: CompilerNode, _ graph: inout CompilerGraph,
    _ casts: inout [CompilerNode]
  ) -> ValueID {
    let made = graph.addValue(facts, name: graph[value].name)
    if let type = graph[value].facts.elementType {
      var cast = cast(made, to: type, name: node.name)
      cast.outputs = [value]
      casts.append(cast)
    }
    table[value] = made
    return made
  }

  private func cast(_ value: ValueID, to type: ElementType, name: String) -> CompilerNode {
    CompilerNode(
      "Cast", opset: 13, name: name, inputs: [value], outputs: [],
      attributes: [Attribute("to", .int(Int64(type.rawValue)))])
  }
}

extension ValueFacts {
  fileprivate var isHalf: Bool { elementType == .float16 || elementType == .bfloat16 }
}
