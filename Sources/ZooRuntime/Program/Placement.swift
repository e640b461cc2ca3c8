import CZooPlugin
import ZooCompiler
import ZooCore
import ZooOperators
import ZooPluginHost
import ZooSystem

/// Where every value of a region lies that a node makes or a caller gives.
struct Placement {
  private var places: [ValueID: Plan.Place] = [:]
  private(set) var arenaByteCount = 0
  private(set) var slotCount = 0

  subscript(value: ValueID) -> Plan.Place { places[value] ?? .absent }

  /// By position among the inputs that the caller may give away: the last value in it, the only one that can be read.
  private var given: [Int: ValueID] = [:]

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
    var lastUse: [ValueID: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for operand in node.operands { if let operand { lastUse[operand] = index } }
    }
    let results = Set(graph.outputs)
    var lifetimes: [Lifetime] = []
    var lifetimeOf: [ValueID: Int] = [:]
    // By lifetime: the last value in it, the only one that can still be read.
    var holders: [ValueID] = []
    for (index, node) in nodes.enumerated() {
      for (position, output) in node.outputs.enumerated() {
        guard let output else { continue }
        /// The input that the caller gives away, whose memory ends with the node and can be read as the output, too.
        func givenAway(_ operand: ValueID) -> Int? {
          let (before, made) = (graph[operand].facts, graph[output].facts)
          guard case .input(let input) = places[operand], given[input] == operand, lastUse[operand] == index,
            !results.contains(operand), made.elementType != nil, made.kind == before.kind,
            made.fixedShape != nil, made.fixedShape == before.fixedShape
          else { return nil }
          return input
        }
        let isMovable =
          switch places[output] {
          case nil, .output: true
          default: false
          }
        if isMovable, position == 0, let kernel = actions[index].kernel,
          let input = try overwritten(by: output, node, kernel, in: graph, free: givenAway)
        {
          places[output] = .input(input)
          given[input] = output
        }
        guard places[output] == nil else { continue }
        let last = lastUse[output] ?? index
        func free(_ input: ValueID) -> Int? {
          guard let lifetime = lifetimeOf[input], holders[lifetime] == input, lastUse[input] == index else {
            return nil
          }
          return lifetime
        }
        if position == 0, let kernel = actions[index].kernel,
          let shared = try overwritten(by: output, node, kernel, in: graph, free: free)
        {
          lifetimeOf[output] = shared
          holders[shared] = output
          lifetimes[shared].last = max(lifetimes[shared].last, last)
        } else {
          lifetimeOf[output] = lifetimes.count
          holders.append(output)
          let size = try byteCount(of: graph[output].facts, layout: graph[output].layout)
          lifetimes.append(Lifetime(byteCount: size, first: index, last: last))
        }
      }
    }
    var joined = JoinedLifetimes(lifetimes)
    var outputs: [Int: Int] = [:]
    for (index, node) in nodes.enumerated() {
      guard let kernel = actions[index].kernel, let output = node.outputs.first ?? nil else { continue }
      for (position, operand) in node.operands.enumerated() {
        guard let operand, let place = Self.place(ofInput: position, node, kernel), let part = lifetimeOf[operand],
          holders[part] == operand, lastUse[operand] == index, graph[operand].layout == graph[output].layout,
          node.operands.count(where: { $0 == operand }) == 1
        else { continue }
        if let whole = lifetimeOf[output], lifetimes[whole].first == index {
          joined.join(part, to: whole, at: place)
        } else if case .output(let result)? = places[output], node.isView {
          // What is seen in another shape is made where the caller gets it.
          outputs[part] = result
          joined.leave(part)
        }
      }
    }
    let arena = try joined.placed()
    for (value, lifetime) in lifetimeOf {
      places[value] = outputs[lifetime].map { .output($0) } ?? .arena(arena.offsets[lifetime])
    }
    arenaByteCount = arena.byteCount
  }

  private static func place(ofInput index: Int, _ node: CompilerNode, _ kernel: KernelHandle) -> Int? {
    node.isView && index == 0 && kernel.canOverwrite(input: 0) ? 0 : kernel.place(ofInput: index)
  }

  /// The memory of an input that output 0 can take over: the kernel allows it and nothing reads it afterwards.
  ///
  /// - Parameter free: What holds an input and ends with the node; `nil` where another value may live on in it.
  private func overwritten(
    by output: ValueID, _ node: CompilerNode, _ kernel: KernelHandle, in graph: CompilerGraph,
    free: (ValueID) -> Int?
  ) throws -> Int? {
    let operands = node.operands
    for (position, input) in operands.enumerated() where kernel.canOverwrite(input: position) {
      guard let input, let lifetime = free(input), operands.count(where: { $0 == input }) == 1,
        graph[input].layout == graph[output].layout,
        try byteCount(of: graph[input].facts, layout: graph[input].layout)
          == byteCount(of: graph[output].facts, layout: graph[output].layout)
      else { continue }
      return lifetime
    }
    return nil
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
