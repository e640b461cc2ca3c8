import ZooCore
import ZooOperators

/// A constant that a node gives whose inputs are constants, computed whenever somebody reads it: large weights that a small
/// file asks for, with ConstantOfShape or Expand. Operators pack them once, and only what they pack is kept.
struct ComputedConstant: TensorSource {
  private let node: CompilerNode
  /// Holds the node's inputs.
  private let graph: CompilerGraph
  private let provider: any OperatorProvider
  /// Bytes that are made when it is read, what it is computed from included.
  let cost: Int

  /// What may be folded whatever it comes of.
  static let smallByteCount = 1 << 20
  /// What reading may cost for each byte: what it is computed from may be computed, too, and more than once.
  static let mostCost = 4

  init(_ node: CompilerNode, making byteCount: Int, in outer: CompilerGraph, _ context: CompileContext) {
    cost = Self.cost(making: byteCount, of: node, in: outer)
    var graph = CompilerGraph()
    var alone = node
    alone.inputs = node.inputs.map { input in
      input.flatMap { outer[$0].constant.map { graph.addConstant($0, name: "") } }
    }
    (self.node, self.graph, provider) = (alone, graph, context.provider)
  }

  /// What reading a result of `node` costs. Constants that are computed themselves are so for each that reads them.
  static func cost(making byteCount: Int, of node: CompilerNode, in graph: CompilerGraph) -> Int {
    node.inputs.reduce(byteCount) { sum, input in
      sum + ((input.flatMap { graph[$0].constant?.origin } as? ComputedConstant)?.cost ?? 0)
    }
  }

  func load(type: ElementType, shape: [Int]) throws -> Tensor {
    guard let tensor = try provider.evaluate(node, in: graph, mostBytes: .max)?.first, tensor.type == type,
      tensor.shape == shape
    else {
      throw ZooError(.defect, "a constant is computed as another", at: node.label)
    }
    return tensor
  }
}

/// How much may be folded, so that a small file can't ask for any amount of memory and time.
struct FoldingAllowance {
  /// Bytes that may come of nothing in the file: all weights of the largest network that is known to come without numbers
  /// (VGG-19: 548 MiB), and with what is packed of them less than 2 GiB.
  let computed: Int
  /// Bytes that all folded at once may have beyond that: weights go through a few nodes.
  private var justified: Int?
  private var weights: Set<ValueID>?

  init(_ context: CompileContext) { computed = min(640 << 20, context.memory / 2) }

  mutating func allows(_ made: Int, beyond given: Int, in graph: CompilerGraph) -> Bool {
    guard graph.computedByteCount + max(0, made - given) <= computed else { return false }
    if graph.foldedByteCount + made <= computed { return true }
    let more = justified ?? 4 * graph.constantByteCount
    justified = more
    return graph.foldedByteCount + made <= computed + more
  }

  /// Whether a product reads the value as weights, perhaps by way of nodes that would be folded too. Others compute it when
  /// they run, where it shares memory with other values.
  mutating func isWeight(_ value: ValueID, in graph: CompilerGraph) -> Bool {
    let known = weights ?? graph.weights
    weights = known
    return known.contains(value)
  }
}

extension CompilerGraph {
  /// Bytes of all constants.
  fileprivate var constantByteCount: Int { values.reduce(0) { min($0 + ($1.constant?.byteCount ?? 0), 1 << 60) } }

  fileprivate var weights: Set<ValueID> {
    var found: Set<ValueID> = []
    for id in Array(nodes).reversed() {
      guard let traits = self[id].declaration?.traits else { continue }
      if traits.contains(.product) {
        found.formUnion(self[id].inputs.dropFirst().compactMap(\.self))
      } else if traits.isCheap, self[id].outputs.contains(where: { $0.map(found.contains) ?? false }) {
        found.formUnion(self[id].inputs.compactMap(\.self))
      }
    }
    return found
  }
}

extension OperatorTraits {
  /// Whether the operator takes a few steps for each element.
  var isCheap: Bool { !isDisjoint(with: [.elementwise, .view, .copies]) }
}
