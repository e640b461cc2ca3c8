import ZooCore
import ZooOperators

/// Converts graphs, node by node in the order of evaluation, and learns the values' types on the way.
struct GraphConversion {
  private let target: Int64
  private let bench: Workbench
  private var functions: FunctionLibrary
  /// What else is to be done with a node in its final form.
  private let refinement: Adapter.Step?
  private var expanded = 0
  /// A change of one node can't take more steps than this; each goes one version further.
  private static let depthLimit = 256
  /// Graphs within graphs.
  private static let nestingLimit = 64
  /// Bodies of functions come to no more nodes than this.
  private static let nodeLimit = 1 << 17

  init(target: Int64, bench: Workbench, functions: FunctionLibrary, refinement: Adapter.Step? = nil) {
    self.target = target
    self.bench = bench
    self.functions = functions
    self.refinement = refinement
  }

  /// The graph in the target's version.
  mutating func convert(_ graph: Graph, from version: Int64, nesting: Int = 0) throws -> Graph {
    guard nesting < Self.nestingLimit else {
      throw ZooError(.badData, "graphs lie more than \(Self.nestingLimit) deep in each other")
    }
    var graph = graph
    let inputs = Set(graph.inputs.map(\.name))
    for info in graph.values + graph.outputs + graph.inputs { bench[info.name] = KnownValue(info) }
    for named in graph.initializers {
      // An initializer that is an input too can be replaced by the caller.
      let value = KnownValue(constant: named.tensor)
      bench[named.name] =
        inputs.contains(named.name) ? KnownValue(form: value.form, shape: bench[named.name]?.shape) : value
    }
    let before = graph.readNames
    graph.nodes = try convert(graph.nodes, from: version, nesting: nesting)
    let after = graph.readNames
    // Constants that only former inputs needed.
    func isLeftOver(_ name: String) -> Bool { before.contains(name) && !after.contains(name) }
    graph.initializers.removeAll { isLeftOver($0.name) && !inputs.contains($0.name) }
    graph.nodes.removeAll { $0.operatorType == "Constant" && isDefault($0.domain) && $0.outputs.allSatisfy(isLeftOver) }
    return graph
  }

  private mutating func convert(_ nodes: [Node], from version: Int64, nesting: Int) throws -> [Node] {
    var converted: [Node] = []
    for node in nodes {
      switch functions.call(of: node) {
      case .none: converted += try convert(node, from: version, bodyVersion: version, nesting: nesting)
      case .kept: converted.append(try convertingBodies(node, from: version, nesting: nesting).node)
      case .inlined(let function):
        guard nesting < Self.nestingLimit else {
          throw ZooError(.badData, "functions call each other more than \(Self.nestingLimit) deep", at: node.label)
        }
        expanded += function.nodes.count
        guard expanded <= Self.nodeLimit else {
          throw ZooError(.badData, "the model's functions expand to more than \(Self.nodeLimit) nodes")
        }
        let body = functions.instance(of: function, for: node, bench: bench)
        converted += try convert(body, from: function.defaultVersion ?? version, nesting: nesting + 1)
      }
    }
    return converted
  }

  /// The nodes of the target's version that do what `node` does.
  ///
  /// - Parameter origin: The node of the file that it takes part in; `nil` for one of the file itself.
  private mutating func convert(
    _ node: Node, from version: Int64, bodyVersion: Int64, nesting: Int, origin: Node? = nil, depth: Int = 0
  ) throws -> [Node] {
    guard isDefault(node.domain) else { return [try convertingBodies(node, from: bodyVersion, nesting: nesting).node] }
    guard depth < Self.depthLimit else { throw ZooError(.defect, "the conversion does not end", at: node.label) }
    guard OperatorHistory.schema(node.operatorType, at: version) != nil else { throw missing(node, origin, version) }
    learn(node, version)
    guard version != target,
      let (next, step) = Adapters.next(node.operatorType, from: version, to: target)
    else {
      try NodeCheck(target: target, bench: bench, origin: origin).check(node, from: version)
      let (final, bodies) = try convertingBodies(node, from: bodyVersion, nesting: nesting)
      learn(final, from: bodies)
      return try refinement.map { named(try $0(final, bench), after: final) } ?? [final]
    }
    let replacement: [Node]
    do { replacement = named(try step(node, bench), after: node) } catch let refusal as Refusal {
      throw refused(node, origin, refusal, from: version, over: next)
    }
    return try replacement.enumerated().flatMap { index, new in
      var new = new
      // What the file says beside the operator stays with the first node that takes its place.
      if index == 0 {
        new.documentation = node.documentation
        new.properties = node.properties
        new.unknownFields = node.unknownFields
      }
      return try convert(
        new, from: next, bodyVersion: bodyVersion, nesting: nesting, origin: origin ?? node, depth: depth + 1)
    }
  }

  /// The nodes that take `node`'s place, each with a name of its own: one of them has `node`'s, and where that has none,
  /// none has.
  private func named(_ nodes: [Node], after node: Node) -> [Node] {
    guard !node.name.isEmpty else { return nodes }
    var nodes = nodes
    let heir = nodes.firstIndex { $0.name == node.name } ?? nodes.startIndex
    for index in nodes.indices {
      nodes[index].name = index == heir ? node.name : bench.nodeName(node.partName("node"))
    }
    return nodes
  }

  /// The node with its bodies converted, and what is known about their outputs.
  private mutating func convertingBodies(
    _ node: Node, from version: Int64, nesting: Int
  ) throws -> (node: Node, outputs: [[KnownValue?]]) {
    var node = node
    var outputs: [[KnownValue?]] = []
    func body(_ graph: Graph, _ conversion: inout GraphConversion) throws -> Graph {
      conversion.bench.enter()
      defer { conversion.bench.leave() }
      let converted = try ZooError.locating(node.label) {
        try conversion.convert(graph, from: version, nesting: nesting + 1)
      }
      outputs.append(converted.outputs.map { conversion.bench[$0.name] })
      return converted
    }
    for index in node.attributes.indices {
      switch node.attributes[index].value {
      case .graph(let graph): node.attributes[index].value = .graph(try body(graph, &self))
      case .graphs(let graphs): node.attributes[index].value = .graphs(try graphs.map { try body($0, &self) })
      default: break
      }
    }
    return (node, outputs)
  }

  /// Types of outputs that only the converted bodies tell.
  private func learn(_ node: Node, from bodies: [[KnownValue?]]) {
    guard node.operatorType == "If", let outputs = bodies.first else { return }
    for (index, name) in node.outputs.enumerated() where !name.isEmpty && index < outputs.count {
      var value = KnownValue(form: outputs[index]?.form, shape: outputs[index]?.shape)
      // Branches may differ in shape.
      for other in bodies.dropFirst() {
        let shape = index < other.count ? other[index]?.shape : nil
        value.shape = value.shape.flatMap { own in
          shape.flatMap { $0.count == own.count ? zip(own, $0).map { $0 == $1 ? $0 : nil } : nil }
        }
      }
      bench[name] = value.completed(by: bench[name])
    }
  }

  private func learn(_ node: Node, _ version: Int64) {
    for (name, facts) in zip(node.outputs, bench.inferred(node, opset: version)) where !name.isEmpty {
      bench[name] = KnownValue(facts).completed(by: bench[name])
    }
  }

  // MARK: Errors

  private func missing(_ node: Node, _ origin: Node?, _ version: Int64) -> ZooError {
    let place = (origin ?? node).label
    guard let first = OperatorHistory.versions(of: node.operatorType).first(where: { !$0.isDeprecated }) else {
      return ZooError(.unsupported, "ONNX has no operator \(node.operatorType)", at: place)
    }
    guard origin != nil else {
      return ZooError(
        .badData, "operator set \(version), which the model states, has no \(node.operatorType)", at: place,
        advice: "operator set \(first.version) is the first that has it")
    }
    return ZooError(
      .unsupported, "operator set \(version) has no \(node.operatorType), which it would be written with", at: place,
      advice: "choose operator set \(first.version) or a later one")
  }

  private func refused(_ node: Node, _ origin: Node?, _ refusal: Refusal, from version: Int64, over next: Int64)
    -> ZooError
  {
    let part = origin.map { $0.operatorType == node.operatorType ? "" : ", which it would be written with," } ?? ""
    guard next < version else {
      return ZooError(
        .unsupported, "\(node.operatorType)\(part) can't go to operator set \(next): \(refusal.reason)",
        at: (origin ?? node).label, advice: "choose operator set \(next - 1) or an earlier one")
    }
    return ZooError(
      .unsupported, "\(node.operatorType)\(part) can't go below operator set \(next + 1): \(refusal.reason)",
      at: (origin ?? node).label, advice: "choose operator set \(next + 1) or a later one")
  }
}

func isDefault(_ domain: String) -> Bool { domain.isEmpty || domain == "ai.onnx" }
