import ZooCore

extension CompilerGraph {
  /// Makes sure that the graph is what passes rely on: each value has one producer, which comes before its readers; producers
  /// and readers are those that the tables say; what callers get is there.
  ///
  /// - Parameter pass: What has just been done to the graph, for the error.
  /// - Throws: `ZooError` (`defect`).
  package func verify(after pass: String) throws {
    func broken(_ what: String) -> ZooError { ZooError(.defect, "after \(pass), \(what)") }
    var known = Set(inputs)
    var uses: [ValueID: [NodeID: Int]] = [:]
    var count = 0
    for id in nodes {
      count += 1
      let node = self[id]
      for operand in node.operands {
        guard let operand else { continue }
        guard known.contains(operand) || self[operand].constant != nil else {
          throw broken("\(node.label) reads \"\(self[operand].name)\" before it is made")
        }
        uses[operand, default: [:]][id, default: 0] += 1
      }
      for output in node.outputs {
        guard let output else { continue }
        guard known.insert(output).inserted else { throw broken("\"\(self[output].name)\" is made twice") }
        guard self[output].producer == id else { throw broken("\"\(self[output].name)\" knows another producer") }
      }
      for body in node.bodies {
        guard body.graph.inputs.count == body.ownInputCount + body.captures.count else {
          throw broken("a body of \(node.label) has \(body.graph.inputs.count) inputs")
        }
        try body.graph.verify(after: pass)
      }
    }
    guard count == nodeCount else { throw broken("the graph counts \(nodeCount) nodes, not \(count)") }
    for output in outputs where !known.contains(output) && self[output].constant == nil {
      throw broken("the output \"\(self[output].name)\" is made by nothing")
    }
    for number in 0..<valueCount {
      let value = ValueID(number: number)
      let readers = self[value].readers
      let counted = uses[value] ?? [:]
      guard readers.count == counted.values.reduce(0, +), Set(readers.nodes) == Set(counted.keys) else {
        throw broken("\"\(self[value].name)\" has \(counted.count) readers and knows \(readers.count)")
      }
    }
  }
}
