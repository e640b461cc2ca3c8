import ZooCompiler
import ZooCore
import ZooOperators
import ZooPluginHost

/// An operation that the runtime does itself: it runs graphs, or its values are no tensors.
protocol NativeOperation: Sendable {
  /// How it runs, for people.
  var summary: String? { get }
  /// Of its bodies, where they are made before it runs.
  var plans: [Plan] { get }
  /// - Parameter inputs: By position, `nil` for those that are left out; what bodies read of the graph around follows. Their
  ///   memory may belong to the run: what is kept of them is copied.
  func run(_ inputs: [Value?], _ call: RunContext) throws -> [Value]
}

extension NativeOperation {
  var summary: String? { nil }
  var plans: [Plan] { [] }
}

/// Whether the runtime itself does what the node asks for, whatever plugins there are; with Identity that depends on its input.
func isNative(_ node: CompilerNode) -> Bool {
  let others = ["If", "Loop", "Scan", "SequenceMap", "Identity"]
  return node.domain.isEmpty && (others.contains(node.operatorType) || sequenceFunctions[node.operatorType] != nil)
}

/// The native operation of a node; `nil` for one that a plugin computes.
func nativeOperation(
  _ node: CompilerNode, in graph: CompilerGraph, _ shared: SharedParts, _ call: RunContext
) throws -> (any NativeOperation)? {
  if node.domain == internalDomain, node.operatorType == BatchRows.operatorType {
    return try RowBatches(node, in: graph, shared, call)
  }
  guard node.domain.isEmpty else { return nil }
  switch node.operatorType {
  case "If": return try IfOperation(node, shared)
  case "Loop": return try LoopOperation(node, in: graph, shared)
  case "Scan": return try ScanOperation(node, in: graph, shared)
  case "SequenceMap": return try SequenceMapOperation(node, shared)
  case "Identity":
    let isTensor = node.input(0).map { graph[$0].facts.kind?.elementType != nil } ?? true
    return isTensor ? nil : SequenceOperation(node: node) { _, inputs in [try inputs.value(0)] }
  default: return sequenceFunctions[node.operatorType].map { SequenceOperation(node: node, body: $0) }
  }
}

/// A body of a node, ready to run.
struct RunnableBody: NodeBody {
  let program: Program
  /// How many inputs the operator gives; what the body reads of the graph around follows.
  let ownInputCount: Int
  let outputCount: Int
  /// Where among the node's operands the values are that the body reads of the graph around.
  private let captures: Range<Int>

  /// - Parameter givable: Positions of inputs that are given away, as what is carried from turn to turn.
  init(_ node: CompilerNode, _ name: String, _ shared: SharedParts, givable: Range<Int> = 0..<0) throws {
    guard let index = node.bodies.firstIndex(where: { $0.name == name }) else {
      throw ZooError(.badData, "the attribute \(name) is missing, or no graph", at: node.label)
    }
    self.init(node, at: index, shared, givable: givable)
  }

  /// - Parameter index: Which of the node's bodies.
  init(_ node: CompilerNode, at index: Int, _ shared: SharedParts, givable: Range<Int> = 0..<0) {
    let body = node.bodies[index]
    let before = node.inputs.count + node.bodies[..<index].reduce(0) { $0 + $1.captures.count }
    captures = before..<before + body.captures.count
    program = Program(body.graph, shared, givable: givable)
    ownInputCount = body.ownInputCount
    outputCount = body.graph.outputs.count
  }

  /// The plan for inputs of which so much is known, those that are read of the graph around included.
  func plan(for facts: [ValueFacts], _ call: RunContext) throws -> Plan { try program.version(like: facts, call).plan }

  /// What the body reads of the graph around, which follows what the operator gives it.
  ///
  /// - Parameter operands: The node's, by position.
  func around(_ operands: [Value?]) throws -> [Value] {
    try captures.map { index in
      guard let value = operands[index] else { throw ZooError(.defect, "a body reads what is not there") }
      return value
    }
  }

  /// - Parameter operands: The node's, by position.
  func run(_ own: [Value], operands: [Value?], _ call: RunContext) throws -> [Value] {
    try program.run(own + around(operands), call).values
  }
}

extension [Value?] {
  func value(_ index: Int) throws -> Value {
    guard index < count, let value = self[index] else { throw ZooError(.badData, "input \(index) is missing") }
    return value
  }

  func tensor(_ index: Int) throws -> Tensor {
    guard let tensor = try value(index).tensor else { throw ZooError(.badData, "input \(index) is no tensor") }
    return tensor
  }

  /// The one number of an input of int64 or int32; `nil` where it is left out.
  func integer(_ index: Int) throws -> Int? {
    guard index < count, self[index] != nil else { return nil }
    let tensor = try tensor(index)
    guard tensor.count == 1 else { throw ZooError(.badData, "input \(index) is not one number") }
    return tensor.type == .int32 ? Int(try tensor.elements(Int32.self)[0]) : Int(try tensor.elements(Int64.self)[0])
  }

  /// The one truth value of an input; `nil` where it is left out.
  func truth(_ index: Int) throws -> Bool? {
    guard index < count, self[index] != nil else { return nil }
    return try tensor(index).truth()
  }
}

extension Tensor {
  /// The one truth value that decides something.
  func truth() throws -> Bool {
    guard type == .bool, count == 1 else { throw ZooError(.badData, "a condition is not one truth value") }
    return withUnsafeBytes { $0[0] != 0 }
  }
}
