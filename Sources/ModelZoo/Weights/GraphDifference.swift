/// How two graphs differ, by the names of their nodes.
package struct GraphDifference: Sendable, Hashable, Codable {
  /// Nodes of the second graph alone, of the first alone, and nodes of both that compute something else or elsewhere.
  package var added: [String] = []
  package var removed: [String] = []
  package var changed: [String] = []
  /// Whether inputs or outputs differ in number, name or type.
  package var hasOtherInterface = false

  enum CodingKeys: String, CodingKey {
    case added, removed, changed
    case hasOtherInterface = "other_interface"
  }

  package var isNone: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty && !hasOtherInterface }

  /// A node without a name goes by its first output.
  package init(_ first: Graph, _ second: Graph) throws {
    func table(_ graph: Graph) -> [ExactText: Node] {
      Dictionary(graph.nodes.map { (ExactText(Self.name(of: $0)), $0) }, uniquingKeysWith: { first, _ in first })
    }
    func names(_ values: [ValueInfo]) -> [ExactText] { values.map { ExactText($0.name) } }
    let (before, after) = (table(first), table(second))
    added = second.nodes.map(Self.name).filter { before[ExactText($0)] == nil }
    removed = first.nodes.map(Self.name).filter { after[ExactText($0)] == nil }
    changed = try first.nodes.compactMap { node in
      let name = Self.name(of: node)
      guard let other = after[ExactText(name)], let node = before[ExactText(name)] else { return nil }
      return try Self.isSame(node, other) ? nil : name
    }
    hasOtherInterface =
      names(first.inputs) != names(second.inputs) || first.inputs.map(\.type) != second.inputs.map(\.type)
      || names(first.outputs) != names(second.outputs)
      || first.outputs.map(\.type) != second.outputs.map(\.type)
  }

  private static func name(of node: Node) -> String {
    node.name.isEmpty ? node.outputs.first { !$0.isEmpty } ?? node.operatorType : node.name
  }

  private static func isSame(_ first: Node, _ second: Node) throws -> Bool {
    guard first.operatorType == second.operatorType, first.domain == second.domain,
      first.inputs.map(ExactText.init) == second.inputs.map(ExactText.init),
      first.outputs.map(ExactText.init) == second.outputs.map(ExactText.init),
      first.attributes.count == second.attributes.count
    else { return false }
    let others = Dictionary(second.attributes.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    return try first.attributes.allSatisfy { attribute in
      guard let other = others[attribute.name] else { return false }
      return try isSame(attribute.value, other)
    }
  }

  private static func isSame(_ first: Attribute.Value, _ second: Attribute.Value) throws -> Bool {
    switch (first, second) {
    case (.float(let a), .float(let b)): a.bitPattern == b.bitPattern
    case (.int(let a), .int(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.floats(let a), .floats(let b)): a.map(\.bitPattern) == b.map(\.bitPattern)
    case (.ints(let a), .ints(let b)): a == b
    case (.strings(let a), .strings(let b)): a == b
    case (.type(let a), .type(let b)): a == b
    case (.types(let a), .types(let b)): a == b
    case (.tensor(let a), .tensor(let b)): try isSame([a], [b])
    case (.tensors(let a), .tensors(let b)): try isSame(a, b)
    case (.graph(let a), .graph(let b)): try isSame([a], [b])
    case (.graphs(let a), .graphs(let b)): try isSame(a, b)
    case (.opaque(let a), .opaque(let b)): a == b
    default: false
    }
  }

  private static func isSame(_ first: [NamedTensor], _ second: [NamedTensor]) throws -> Bool {
    guard first.count == second.count else { return false }
    return try zip(first, second).allSatisfy { a, b in
      var b = b
      b.name = a.name
      return try WeightDifference([a], [b]).isNone
    }
  }

  private static func isSame(_ first: [Graph], _ second: [Graph]) throws -> Bool {
    guard first.count == second.count else { return false }
    return try zip(first, second).allSatisfy { a, b in
      try GraphDifference(a, b).isNone && WeightDifference(a.initializers, b.initializers).isNone
    }
  }
}
