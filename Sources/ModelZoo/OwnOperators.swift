public import ZooCore

extension ModelDefinition {
  /// The operators of ModelZoo's own domains that the model uses, with their domains, each once. No other runtime has them.
  public var ownOperators: [String] {
    var found: Set<String> = []
    func visit(_ nodes: [Node]) {
      for node in nodes {
        if node.domain == "zoo" || node.domain.hasPrefix("zoo.") { found.insert("\(node.domain).\(node.operatorType)") }
        for graph in node.subgraphs { visit(graph.nodes) }
      }
    }
    visit(graph.nodes)
    for function in functions { visit(function.nodes) }
    return found.subtracting(functions.map { "\($0.domain).\($0.name)" }).sorted()
  }
}
