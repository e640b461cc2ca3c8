import ZooCore

/// A graph while the passes rewrite it. Values are known by name; each has one producer.
struct WorkGraph: Sendable {
  var nodes: [WorkNode] = []
  var constants: [String: StoredTensor] = [:]
  /// Constants that hold only for the input shapes of this specialization.
  var shapeDependent: Set<String> = []
  /// What callers give, in the model's order.
  var inputs: [ValueInfo] = []
  /// Inputs that callers may leave out: constants stand in for them.
  var defaults: [ValueInfo] = []
  /// What callers get, under its public name.
  var outputs: [(name: String, value: String)] = []
  /// What is known of the values that inputs and nodes make.
  var types: [String: ValueDescription] = [:]
  /// Values of which only running tells type and shape.
  var unknown: Set<String> = []
  var operatorSets: [String: Int64] = [:]
  /// With the values' internal names.
  var arithmetic = Arithmetic()
  /// Values that are others in another layout, by name.
  var layoutCopies: [String: String] = [:]
  /// What makes equal constants of equal ones in each plan.
  var derivations = ConstantDerivations()
  private var inventions: [String: Int] = [:]

  /// A name for a value or a constant that a pass makes, which is `role` to the value `base`. No file can hold it, and it
  /// is given once; passes have no other source of names.
  mutating func invent(_ role: String, of base: String) -> String {
    let name = InternalName.invented(role, of: base)
    let number = inventions[name, default: 0] + 1
    inventions[name] = number
    return number == 1 ? name : "\(name).\(number)"
  }

  /// The version of its domain by which a node is to be understood.
  func opset(of entry: WorkNode) -> Int64 {
    entry.opset ?? operatorSets[OperatorRegistry.canonical(entry.node.domain)] ?? 1
  }

  /// The nodes that read each value, by position.
  func consumers() -> [String: [Int]] {
    var consumers: [String: [Int]] = [:]
    consumers.reserveCapacity(nodes.count)
    for (index, node) in nodes.enumerated() {
      for name in node.reads where consumers[name]?.last != index { consumers[name, default: []].append(index) }
    }
    return consumers
  }

  /// The graph in which the defaults of `names` are inputs.
  func taking(_ names: Set<String>) -> WorkGraph {
    var graph = self
    for name in names { graph.constants[name] = nil }
    graph.inputs += defaults.filter { names.contains($0.name) }
    graph.defaults.removeAll { names.contains($0.name) }
    return graph
  }

  /// Reads the small constants, which every plan asks for many times.
  mutating func loadSmallConstants() throws {
    for (name, constant) in constants where constant.isWorthKnowing { try define(name, as: constant) }
  }

  /// Adds a constant that a file holds, loaded where it is small.
  mutating func define(_ name: String, as constant: StoredTensor) throws {
    guard constant.isWorthKnowing else {
      constants[name] = constant
      return
    }
    do {
      constants[name] = StoredTensor(try constant.load(), identity: constant.identity)
    } catch let error as ZooError {
      throw error.located("constant \"\(name)\"")
    }
  }

  /// Whether type and shape of all that the node reads are known.
  func knowsInputs(of entry: WorkNode) -> Bool {
    entry.reads.allSatisfy { constants[$0] != nil || types[$0]?.shape != nil }
  }

  /// What is known of a value, small constants loaded.
  @inline(__always)
  func describe(_ name: String) throws -> ValueDescription? {
    if name.isEmpty { return nil }
    if let constant = constants[name] {
      return ValueDescription(
        type: constant.type, shape: constant.shape,
        constant: constant.isWorthKnowing ? try constant.load() : nil)
    }
    return types[name]
  }
}

struct WorkNode: Sendable {
  var node: Node
  var epilogue: [EpilogueStep] = []
  /// For a node that a pass made; the model's own nodes follow its imports.
  var opset: Int64?

  init(_ node: Node) { self.node = node }

  init(_ node: Node, opset: Int64) {
    self.node = node
    self.opset = opset
  }

  /// The node's inputs and the operands of its epilogue, in the ABI's order.
  var operands: [String] {
    epilogue.isEmpty ? ownInputs : ownInputs + epilogue.flatMap { $0.operands.compactMap { $0 } }
  }

  /// The node's own inputs without absent ones at the end.
  var ownInputs: [String] {
    guard node.inputs.last?.isEmpty ?? false else { return node.inputs }
    let count = (node.inputs.lastIndex { !$0.isEmpty } ?? -1) + 1
    return Array(node.inputs[..<count])
  }

  /// Every value that is read.
  var reads: [String] {
    let operands = operands
    return operands.contains("") ? operands.filter { !$0.isEmpty } : operands
  }

  /// The epilogue with operands as positions in `operands`.
  var numberedEpilogue: [(step: EpilogueStep, operands: [Int32])] {
    var next = Int32(ownInputs.count)
    return epilogue.map { step in
      let numbers = step.operands.map { operand -> Int32 in
        guard operand != nil else { return -1 }
        next += 1
        return next - 1
      }
      return (step, numbers)
    }
  }

  mutating func replaceReads(_ replace: (String) -> String) {
    node.inputs = node.inputs.map(replace)
    for step in epilogue.indices { epilogue[step].operands = epilogue[step].operands.map { $0.map(replace) } }
  }

  /// The node as the ABI has it, with everything known about its inputs.
  func bind(
    opset: Int64, stored: [Int: StoredTensor] = [:], arithmetic: Arithmetic,
    describe: (String) throws -> ValueDescription?
  ) throws -> BoundNode {
    try BoundNode(
      node, opset: opset, inputs: try operands.map(describe), stored: stored, ownInputCount: ownInputs.count,
      epilogue: numberedEpilogue, usedOutputs: usedOutputs(of: node), arithmetic: arithmetic)
  }
}

extension StoredTensor {
  /// Shapes, axes, bounds: small enough to load while shapes are inferred.
  fileprivate var isWorthKnowing: Bool {
    switch type {
    case .int64, .int32, .bool, .string: shape.reduce(1, *) <= 1 << 14
    default: shape.reduce(1, *) <= 1 << 10
    }
  }
}
