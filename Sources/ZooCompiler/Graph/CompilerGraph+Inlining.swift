import ZooCore

extension CompilerGraph {
  /// Puts a copy of another graph's nodes before `place`.
  ///
  /// - Parameter inputs: Values of this graph for the other's inputs.
  /// - Returns: What the other graph's outputs are here, and the first of the nodes.
  mutating func insert(
    contentsOf other: CompilerGraph, inputs: [ValueID], before place: NodeID?
  ) -> (outputs: [ValueID], first: NodeID?) {
    var copies: [ValueID: ValueID] = [:]
    for (inner, outer) in zip(other.inputs, inputs) { copies[inner] = outer }
    func copy(_ value: ValueID, _ graph: inout CompilerGraph) -> ValueID {
      if let known = copies[value] { return known }
      let made = graph.addCopy(of: other[value])
      copies[value] = made
      return made
    }
    var first: NodeID?
    for id in other.nodes {
      var node = other[id]
      for operand in node.operands { if let operand { _ = copy(operand, &self) } }
      node.replaceOperands { copies[$0] ?? $0 }
      node.outputs = node.outputs.map { $0.map { copy($0, &self) } }
      let inserted = insert(node, before: place)
      first = first ?? inserted
    }
    return (other.outputs.map { copy($0, &self) }, first)
  }

  /// Puts a copy of another graph's nodes in the place of `node`, and its first outputs in the place of what that made.
  ///
  /// - Returns: The first of the nodes, or the one behind them where there are none.
  mutating func replace(_ node: NodeID, byContentsOf other: CompilerGraph, inputs: [ValueID]) -> NodeID? {
    let (outputs, after) = (self[node].outputs, self.node(after: node))
    let made = insert(contentsOf: other, inputs: inputs, before: node)
    remove(node)
    for (output, result) in zip(outputs, made.outputs) { if let output { redirect(output, to: result) } }
    return made.first ?? after
  }

  /// A value that is what `value` of another graph is, for which there is no node yet.
  mutating func addCopy(of value: CompilerValue) -> ValueID {
    let copy = addValue(value.facts, name: value.name)
    (self[copy].holdsForShapes, self[copy].range) = (value.holdsForShapes, value.range)
    return copy
  }
}
