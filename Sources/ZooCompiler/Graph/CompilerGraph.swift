import ZooCore
import ZooOperators

/// A value of one graph.
package struct ValueID: Sendable, Hashable {
  let number: Int
}

/// A node of one graph.
package struct NodeID: Sendable, Hashable {
  let number: Int
}

/// A graph while it is compiled.
///
/// Values and nodes are numbers, so that nothing a file calls them matters and nothing that a pass adds can meet a name which
/// is taken. The graph itself keeps every value's producer and readers, and the nodes in an order in which producers come
/// before readers.
package struct CompilerGraph: Sendable {
  private var valueTable: [CompilerValue] = []
  private var nodeTable: [NodeEntry] = []
  private var first: NodeID?
  private var last: NodeID?
  /// How many nodes there are.
  package private(set) var nodeCount = 0

  /// Bytes of constants that were folded, and what of them is more than they were folded from.
  package internal(set) var foldedByteCount = 0
  package internal(set) var computedByteCount = 0

  /// What callers, or the node around the graph, give, in order.
  package private(set) var inputs: [ValueID] = []
  /// What they get, in order. A value may be there more than once.
  package private(set) var outputs: [ValueID] = []

  private struct NodeEntry: Sendable {
    var node: CompilerNode
    var previous: NodeID?
    var next: NodeID?
    var isRemoved = false
  }

  package init() {}

  // MARK: Values

  /// What is known of a value.
  package subscript(value: ValueID) -> CompilerValue {
    get { valueTable[value.number] }
    _modify { yield &valueTable[value.number] }
  }

  package var valueCount: Int { valueTable.count }

  var values: [CompilerValue] { valueTable }

  /// A value that no node makes yet.
  ///
  /// - Parameter name: For people only; two values may have the same.
  package mutating func addValue(_ facts: ValueFacts, name: String) -> ValueID {
    valueTable.append(CompilerValue(facts, name: name))
    return ValueID(number: valueTable.count - 1)
  }

  /// - Parameter holdsForShapes: Whether the constant is what it is for these input shapes only.
  package mutating func addConstant(_ tensor: StoredTensor, name: String, holdsForShapes: Bool = false) -> ValueID {
    let value = addValue(ValueFacts(tensor), name: name)
    valueTable[value.number].holdsForShapes = holdsForShapes
    return value
  }

  package mutating func addInput(_ facts: ValueFacts, name: String) -> ValueID {
    let value = addValue(facts, name: name)
    inputs.append(value)
    return value
  }

  package mutating func addOutput(_ value: ValueID) {
    outputs.append(value)
    valueTable[value.number].outputCount += 1
  }

  /// Has callers get `value` as the output at `index`.
  package mutating func setOutput(_ index: Int, to value: ValueID) {
    valueTable[outputs[index].number].outputCount -= 1
    outputs[index] = value
    valueTable[value.number].outputCount += 1
  }

  package mutating func setOutputs(_ values: [ValueID]) {
    for output in outputs { valueTable[output.number].outputCount -= 1 }
    outputs = []
    for value in values { addOutput(value) }
  }

  /// Has the graph begin with other values, which none of its nodes makes.
  package mutating func setInputs(_ values: [ValueID]) {
    inputs = values
  }

  /// Makes a constant of what a node has made until now; the node no longer does.
  package mutating func makeConstant(_ value: ValueID, _ tensor: StoredTensor, holdsForShapes: Bool) {
    if let producer = valueTable[value.number].producer {
      update(producer) { node in node.outputs = node.outputs.map { $0 == value ? nil : $0 } }
    }
    valueTable[value.number].facts = ValueFacts(tensor)
    valueTable[value.number].holdsForShapes = holdsForShapes
  }

  /// Has everybody who reads `value` read `other`, outputs of the graph included.
  package mutating func redirect(_ value: ValueID, to other: ValueID) {
    guard value != other else { return }
    let readers = valueTable[value.number].readers
    for reader in readers.nodes { nodeTable[reader.number].node.replaceOperands { $0 == value ? other : $0 } }
    valueTable[other.number].readers.add(readers)
    valueTable[value.number].readers = Readers()
    for index in outputs.indices where outputs[index] == value { outputs[index] = other }
    valueTable[other.number].outputCount += valueTable[value.number].outputCount
    valueTable[value.number].outputCount = 0
  }

  // MARK: Nodes

  package subscript(node: NodeID) -> CompilerNode { nodeTable[node.number].node }

  /// The nodes in order, as they are now: a loop that changes the graph goes from one to the next with `node(after:)`, or
  /// it makes a copy of the graph.
  package var nodes: Nodes { Nodes(graph: self, position: first) }

  package struct Nodes: Sequence, IteratorProtocol {
    fileprivate let graph: CompilerGraph
    fileprivate var position: NodeID?

    package mutating func next() -> NodeID? {
      guard let current = position else { return nil }
      position = graph.nodeTable[current.number].next
      return current
    }
  }

  package var firstNode: NodeID? { first }

  package func node(after node: NodeID) -> NodeID? { nodeTable[node.number].next }

  /// Adds `node` before `place`, or behind all others.
  @discardableResult package mutating func insert(_ node: CompilerNode, before place: NodeID? = nil) -> NodeID {
    let id = NodeID(number: nodeTable.count)
    let previous = place.map { nodeTable[$0.number].previous } ?? last
    nodeTable.append(NodeEntry(node: node, previous: previous, next: place))
    if let previous { nodeTable[previous.number].next = id } else { first = id }
    if let place { nodeTable[place.number].previous = id } else { last = id }
    nodeCount += 1
    connect(id)
    return id
  }

  /// Takes a node out. What it made has no producer afterwards.
  package mutating func remove(_ node: NodeID) {
    let entry = nodeTable[node.number]
    guard !entry.isRemoved else { return }
    disconnect(node)
    if let previous = entry.previous { nodeTable[previous.number].next = entry.next } else { first = entry.next }
    if let next = entry.next { nodeTable[next.number].previous = entry.previous } else { last = entry.previous }
    nodeTable[node.number].isRemoved = true
    nodeCount -= 1
  }

  /// Whether the node has been taken out meanwhile.
  package func isRemoved(_ node: NodeID) -> Bool { nodeTable[node.number].isRemoved }

  /// Changes a node where it stands.
  package mutating func update(_ node: NodeID, _ change: (inout CompilerNode) throws -> Void) rethrows {
    var changed = nodeTable[node.number].node
    try change(&changed)
    disconnect(node)
    nodeTable[node.number].node = changed
    connect(node)
  }

  /// Puts `nodes`, which make what `node` made, in its place.
  package mutating func replace(_ node: NodeID, by nodes: [CompilerNode]) {
    let next = nodeTable[node.number].next
    remove(node)
    for replacement in nodes { insert(replacement, before: next) }
  }

  private mutating func connect(_ id: NodeID) {
    let node = nodeTable[id.number].node
    for output in node.outputs { if let output { valueTable[output.number].producer = id } }
    for operand in node.operands { if let operand { valueTable[operand.number].readers.add(id) } }
  }

  private mutating func disconnect(_ id: NodeID) {
    let node = nodeTable[id.number].node
    for output in node.outputs {
      if let output, valueTable[output.number].producer == id { valueTable[output.number].producer = nil }
    }
    for operand in node.operands {
      if let operand { valueTable[operand.number].readers.remove(id) }
    }
  }

  // MARK: Questions

  /// The node that makes `value`, if its operator is ONNX's `type`.
  package func producer(of value: ValueID?, _ type: String) -> NodeID? {
    guard let value, let producer = self[value].producer, self[producer].isOperator(type) else { return nil }
    return producer
  }

  /// The only node that reads `value`, once, if nobody else sees it.
  package func onlyReader(of value: ValueID) -> NodeID? {
    self[value].outputCount == 0 ? self[value].readers.only : nil
  }

  /// Bytes of those among `values` that are constants, each as often as it is there.
  package func constantByteCount(of values: [ValueID?]) -> Int {
    values.reduce(0) { sum, value in sum + (value.flatMap { self[$0].constant?.byteCount } ?? 0) }
  }

  /// Whether anybody reads `value`.
  package func isRead(_ value: ValueID) -> Bool { !self[value].readers.isEmpty || self[value].outputCount > 0 }
}

/// What the compiler knows of a value.
package struct CompilerValue: Sendable {
  /// What a value of the graph is called, for people.
  package var name: String
  package var facts: ValueFacts
  package var layout = Layout.plain
  /// Of a constant: whether it is what it is for these input shapes only.
  package var holdsForShapes = false
  /// What this is in another layout.
  package var copyOf: ValueID?
  /// What the model says of a tensor that a node makes; nobody relies on it.
  package var declared: DeclaredTensor?
  /// The least and the greatest element, as calibration saw them.
  package var range: ClosedRange<Float>?
  /// The node that makes the value; `nil` for inputs and constants.
  package internal(set) var producer: NodeID?
  package internal(set) var readers = Readers()
  /// How many of the graph's outputs the value is.
  package internal(set) var outputCount = 0

  fileprivate init(_ facts: ValueFacts, name: String) { (self.facts, self.name) = (facts, name) }

  package var constant: StoredTensor? { facts.constant }
}

/// How the elements of a tensor lie in memory, by the number that the plugin ABI gives the layout.
package struct Layout: Sendable, Hashable {
  package let number: Int32
  package init(number: Int32) { self.number = number }
  /// Row major, as ONNX stores tensors.
  package static let plain = Layout(number: 0)
}
