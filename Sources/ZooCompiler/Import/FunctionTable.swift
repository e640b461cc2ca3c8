import ZooCore

/// The functions of a model, by what nodes call them by.
struct FunctionTable {
  private struct Key: Hashable {
    var domain: ExactText
    var name: ExactText
    var overload: ExactText

    init(domain: String, name: String, overload: String) {
      self.domain = ExactText(OperatorVersions.canonical(domain))
      (self.name, self.overload) = (ExactText(name), ExactText(overload))
    }
  }

  /// Functions that call functions can grow without bound from a small file.
  private static let mostNodes = 1 << 17

  private var functions: [Key: Function] = [:]

  /// - Throws: `ZooError` (`badData`) for functions that call themselves or come to too many nodes.
  init(_ model: ModelDefinition) throws {
    for function in model.functions {
      functions[Key(domain: function.domain, name: function.name, overload: function.overload)] = function
    }
    guard !functions.isEmpty else { return }
    var sizes: [Key: Int] = [:]
    _ = try size(of: model.graph.nodes, callers: [], &sizes)
  }

  /// The function that `node` calls; `nil` for an operator.
  subscript(node: Node) -> Function? {
    functions.isEmpty ? nil : functions[Key(domain: node.domain, name: node.operatorType, overload: node.overload)]
  }

  /// How many nodes the calls among `nodes` come to; inside a function the nodes themselves count as well.
  private func size(of nodes: [Node], callers: [Key], _ sizes: inout [Key: Int]) throws -> Int {
    var sum = 0
    for node in nodes {
      if !callers.isEmpty { sum += 1 }
      for graph in node.subgraphs { sum += try size(of: graph.nodes, callers: callers, &sizes) }
      if let function = self[node] {
        let key = Key(domain: node.domain, name: node.operatorType, overload: node.overload)
        guard !callers.contains(key) else {
          throw ZooError(.badData, "the function \(function.domain).\(function.name) calls itself", at: node.label)
        }
        let known = try sizes[key] ?? size(of: function.nodes, callers: callers + [key], &sizes)
        sizes[key] = known
        sum += known
      }
      // Each is below the limit, so that sums can't overflow.
      guard sum <= Self.mostNodes else {
        throw ZooError(.badData, "the model's functions expand to more than \(Self.mostNodes) nodes")
      }
    }
    return sum
  }
}
