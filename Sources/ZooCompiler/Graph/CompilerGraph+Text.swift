import ZooCore

extension CompilerGraph: CustomStringConvertible {
  /// A line for each node, bodies indented below theirs, for people.
  package var description: String { lines(indent: "").joined(separator: "\n") }

  private func lines(indent: String) -> [String] {
    nodes.flatMap { id in
      let node = self[id]
      let fused = node.epilogue.map { " + \($0.operatorType)" }.joined()
      let results = node.outputs.map { $0.map(text) ?? "_" }.joined(separator: ", ")
      let operands = node.inputs.map { $0.map(text) ?? "_" }.joined(separator: ", ")
      let line = "\(indent)\(results) = \(node.operatorType)\(fused)(\(operands))"
      return [line] + node.bodies.flatMap { ["\(indent)  \($0.name):"] + $0.graph.lines(indent: indent + "    ") }
    }
  }

  private func text(_ value: ValueID) -> String {
    let facts = self[value].facts
    let shape = facts.shape.map { "[" + $0.map(\.description).joined(separator: "×") + "]" } ?? ""
    return "%\(value.number)\(shape)"
  }
}
