import ZooCore
import ZooOperators

/// Has what makes rows of which only a counted number is read run in batches: as many rows as there are, and so many at a
/// time that they need little memory.
///
/// An R-CNN's network goes through the regions that were found row by row, and non-maximum suppression reads as many as
/// there are. All nodes in between become the body of one node of the domain `zoo`: RowBatches, which takes the count and
/// what the body reads row by row.
package struct BatchRows: Pass {
  package let name = "batching rows"

  /// The operator that runs the body.
  package static let operatorType = "RowBatches"

  /// What the rows of a batch may take at a time, beyond the size of the weights, which come from memory once a batch.
  private static let cachedByteCount = 1 << 23
  /// Of the memory that a run may take, what batches may.
  private static let share = 4

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    for id in Array(graph.nodes) where !graph.isRemoved(id) {
      guard let counted = graph[id].declaration?.countedRows, let rows = try CountedRows(before: id, counted, graph)
      else { continue }
      rows.replace(in: &graph, batch: batch(rows, context))
    }
  }

  /// A power of two, so that halves of it, of each size one plan, make up any rest.
  private func batch(_ rows: CountedRows, _ context: CompileContext) -> Int {
    let most = min(max(Self.cachedByteCount, rows.constantByteCount), context.memory / Self.share)
    let fitting = max(1, min(rows.count, most / max(1, rows.byteCountOfRow)))
    return 1 << (Int.bitWidth - 1 - fitting.leadingZeroBitCount)
  }
}

/// Nodes that go row by row through their inputs, and whose rows are read up to a count.
private struct CountedRows {
  /// How many rows there are at most.
  let count: Int
  private let reader: NodeID
  private let counter: ValueID
  /// In the graph's order.
  private var nodes: [NodeID] = []
  private var inputsByRow: [NodeID: Set<Int>] = [:]
  /// Bytes that the weights take, and the values that are there at once for one row.
  private(set) var constantByteCount = 0
  private(set) var byteCountOfRow = 0

  /// `nil` where there are no such nodes.
  init?(before reader: NodeID, _ counted: OperatorDeclaration.CountedRows, _ graph: CompilerGraph) throws {
    let inputs = graph[reader].inputs
    guard inputs.count > counted.count, let counter = inputs[counted.count], graph[counter].constant == nil,
      let first = inputs[counted.inputs[0]], let count = graph.shape(of: first)?.first, count > 1
    else { return nil }
    (self.reader, self.counter, self.count) = (reader, counter, count)
    // How often a value is read of which only the counted rows are.
    var uses: [ValueID: Int] = [:]
    for input in counted.inputs { if let value = inputs[input] { uses[value, default: 0] += 1 } }
    for id in Array(graph.nodes).reversed() {
      let node = graph[id]
      let outputs = node.outputs.compactMap(\.self)
      guard !outputs.isEmpty, outputs.allSatisfy({ uses[$0] == graph[$0].readers.count && graph[$0].outputCount == 0 }),
        let byRow = try Self.inputsByRow(node, outputs, count, graph)
      else { continue }
      nodes.append(id)
      inputsByRow[id] = byRow
      for input in byRow { if let value = node.inputs[input] { uses[value, default: 0] += 1 } }
      try measure(node, byRow, graph)
    }
    if nodes.isEmpty { return nil }
    nodes.reverse()
  }

  /// `nil` for a node that does not go through `count` rows one by one.
  private static func inputsByRow(
    _ node: CompilerNode, _ outputs: [ValueID], _ count: Int, _ graph: CompilerGraph
  ) throws -> Set<Int>? {
    func isRows(_ value: ValueID?) -> Bool {
      guard let value, let shape = graph.shape(of: value), let type = graph[value].facts.elementType, type.bitWidth >= 8
      else { return false }
      return shape.first == count && !shape.contains(0)
    }
    guard node.bodies.isEmpty, outputs.allSatisfy(isRows), let output = node.outputs[0],
      let shape = graph.shape(of: output), let declaration = node.declaration
    else { return nil }
    let inputs = try declaration.inputsByRow(Inference(node, in: graph), output: shape)
    guard !inputs.isEmpty, inputs.allSatisfy({ $0 < node.inputs.count && isRows(node.inputs[$0]) }) else { return nil }
    return Set(inputs)
  }

  private mutating func measure(_ node: CompilerNode, _ byRow: Set<Int>, _ graph: CompilerGraph) throws {
    var row = 0
    for value in node.outputs.compactMap(\.self) + byRow.compactMap({ node.inputs[$0] }) {
      guard let type = graph[value].facts.elementType, let shape = graph.shape(of: value) else { continue }
      row += try Tensor.byteCount(type: type, shape: shape) / count
    }
    byteCountOfRow = max(byteCountOfRow, row)
    let shared = node.inputs.indices.filter { !byRow.contains($0) }
    constantByteCount += graph.constantByteCount(of: shared.map { node.inputs[$0] })
  }

  // MARK: Replacing

  /// Puts one node in place of all.
  func replace(in graph: inout CompilerGraph, batch: Int) {
    let made = Set(nodes.flatMap { graph[$0].outputs.compactMap(\.self) })
    var results: [ValueID] = []
    for value in graph[reader].inputs.compactMap(\.self) where made.contains(value) && !results.contains(value) {
      results.append(value)
    }
    var body = RowBody()
    for id in nodes { body.append(graph[id], byRow: inputsByRow[id] ?? [], graph) }
    for result in results { body.addOutput(result) }
    let name = graph[nodes[nodes.count - 1]].name
    for id in nodes { graph.remove(id) }
    var node = CompilerNode(
      BatchRows.operatorType, domain: internalDomain, opset: 1, name: name, inputs: [counter] + body.rows,
      outputs: results, attributes: [Attribute("batch", .int(Int64(batch)))])
    node.bodies = [body.finish()]
    graph.insert(node, before: reader)
  }
}

/// The graph that computes some of the rows.
private struct RowBody {
  private var graph = CompilerGraph()
  /// What is read row by row, of the graph around.
  private(set) var rows: [ValueID] = []
  /// What all rows read, of the graph around.
  private var captures: [ValueID] = []
  /// The values that the body makes, those of which it gets rows, and those that it gets whole.
  private var made: [ValueID: ValueID] = [:]
  private var given: [ValueID: ValueID] = [:]
  private var whole: [ValueID: ValueID] = [:]

  mutating func append(_ node: CompilerNode, byRow: Set<Int>, _ outer: CompilerGraph) {
    var copy = node
    copy.inputs = node.inputs.enumerated().map { index, value in
      value.map { byRow.contains(index) ? rows(of: $0, outer) : all(of: $0, outer) }
    }
    copy.outputs = node.outputs.map { value in
      value.map { value in
        let result = addRows(like: outer[value])
        made[value] = result
        return result
      }
    }
    // A shape that is written out is that of all rows; 0 stands for as many as there are.
    if node.isView, let shape = outer.shape(of: node.outputs[0]),
      let extents = try? Tensor([0] + shape.dropFirst().map { Int64($0) }, shape: [shape.count])
    {
      let target = graph.addConstant(StoredTensor(extents), name: node.name)
      copy = CompilerNode(
        "Reshape", opset: max(node.opset, 5), name: node.name, inputs: [copy.inputs[0], target], outputs: copy.outputs)
    }
    graph.insert(copy)
  }

  private mutating func addRows(like value: CompilerValue) -> ValueID {
    let rows = graph.addValue(ValueFacts(value.facts.kind), name: value.name)
    graph[rows].range = value.range
    return rows
  }

  private mutating func rows(of value: ValueID, _ outer: CompilerGraph) -> ValueID {
    if let known = made[value] ?? given[value] { return known }
    let input = addRows(like: outer[value])
    rows.append(value)
    given[value] = input
    return input
  }

  private mutating func all(of value: ValueID, _ outer: CompilerGraph) -> ValueID {
    if let known = whole[value] { return known }
    let copy = graph.addCopy(of: outer[value])
    if outer[value].constant == nil { captures.append(value) }
    whole[value] = copy
    return copy
  }

  mutating func addOutput(_ value: ValueID) { if let result = made[value] { graph.addOutput(result) } }

  func finish() -> Body {
    var graph = graph
    graph.setInputs(rows.compactMap { given[$0] } + captures.compactMap { whole[$0] })
    return Body(name: "body", graph: graph, ownInputCount: rows.count, captures: captures)
  }
}
