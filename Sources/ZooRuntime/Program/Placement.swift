import CZooPlugin
import ZooCompiler
import ZooCore
import ZooOperators
import ZooPluginHost
import ZooSystem

/// Where every value of a region lies that a node makes or a caller gives.
struct Placement {
  private(set) var places: [ValueID: Plan.Place] = [:]
  private(set) var arenaByteCount = 0
  private(set) var slotCount = 0
  /// Nodes, by position, whose outputs lie in their inputs as they are.
  private(set) var resting: Set<Int> = []

  subscript(value: ValueID) -> Plan.Place { places[value] ?? .absent }

  /// By position among the inputs that the caller may give away: the last value in it, the only one that can be read.
  private(set) var given: [Int: ValueID] = [:]

  /// - Parameter positions: Those of inputs in whose memory what is made of them may lie.
  init(_ graph: CompilerGraph, _ nodes: [CompilerNode], _ actions: [Plan.Step.Action], given positions: Range<Int>)
    throws
  {
    for (index, input) in graph.inputs.enumerated() {
      places[input] = .input(index)
      if positions.contains(index) { given[index] = input }
    }
    for (node, action) in zip(nodes, actions) {
      for output in node.outputs.compactMap(\.self) where Self.needsSlot(graph[output].facts, action) {
        places[output] = .slot(slotCount)
        slotCount += 1
      }
    }
    for (index, output) in graph.outputs.enumerated() where places[output] == nil && graph[output].constant == nil {
      places[output] = .output(index)
    }
    try placeInArena(graph, nodes, actions)
  }

  /// Values that only running makes room for: those of unknown shapes, strings, no tensors, and what native operations give.
  private static func needsSlot(_ facts: ValueFacts, _ action: Plan.Step.Action) -> Bool {
    if case .native = action { return true }
    return facts.fixedShape == nil || facts.elementType == nil || facts.elementType == .string
  }

  private mutating func placeInArena(
    _ graph: CompilerGraph, _ nodes: [CompilerNode], _ actions: [Plan.Step.Action]
  ) throws {
    var whole = ArenaPlacement(self, graph, nodes, actions, takesParts: true)
    try whole.place()
    // A part that is needed long keeps all of what it is a part of.
    if whole.hasLongParts {
      var apart = ArenaPlacement(self, graph, nodes, actions, takesParts: false)
      try apart.place()
      if whole.byteCount / 9 > apart.byteCount / 8 { whole = apart }
    }
    (places, resting, arenaByteCount) = (whole.places, whole.resting, whole.byteCount)
  }

  /// By step: the slots whose values nobody needs after it.
  func lastUses(of steps: [(inputs: [Plan.Operand], outputs: [Plan.Operand])], _ graph: CompilerGraph) -> [[Int]] {
    var lastUse = [Int](repeating: -1, count: slotCount)
    for (index, step) in steps.enumerated() {
      for operand in step.inputs + step.outputs { if case .slot(let slot) = operand.place { lastUse[slot] = index } }
    }
    for output in graph.outputs { if case .slot(let slot) = self[output] { lastUse[slot] = -1 } }
    var result = [[Int]](repeating: [], count: steps.count)
    for (slot, index) in lastUse.enumerated() where index >= 0 { result[index].append(slot) }
    return result
  }
}
