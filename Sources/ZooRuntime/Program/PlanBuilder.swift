import CZooPlugin
import Synchronization
import ZooCompiler
import ZooCore
import ZooOperators
import ZooPluginHost
import ZooSystem
import ZooNumbers

/// Turns a region whose shapes and layouts are known into a plan: makes the kernels, then places the values.
final class PlanBuilder {
  private let graph: CompilerGraph
  private let shared: SharedParts
  private let call: RunContext
  private let given: Range<Int>
  private let room: PlanRoom?
  private let loaded = Mutex<[TensorIdentity: Tensor]>([:])

  /// - Parameters:
  ///   - given: Positions of inputs that callers may give away.
  ///   - room: Where the memory of the plan's runs may stay; without it, it stays in any case.
  init(
    graph: CompilerGraph, shared: SharedParts, call: RunContext, given: Range<Int> = 0..<0, room: PlanRoom? = nil
  ) {
    (self.graph, self.shared, self.call, self.given, self.room) = (graph, shared, call, given, room)
  }

  func build() throws -> Plan {
    let nodes = graph.nodes.map { graph[$0] }
    // Before weights are packed; more is known when there are kernels.
    _ = try call.memory.taking(leastByteCount(nodes))
    var actions = try makeActions(nodes)
    let places = try Placement(graph, nodes, actions, given: given)
    for index in places.resting { actions[index] = .rest }
    func operand(_ value: ValueID?, consumed: Bool) throws -> Plan.Operand {
      guard let value else { return Plan.Operand(facts: ValueFacts(nil), layout: .plain, place: .absent, name: "") }
      let known = graph[value]
      var place = places[value]
      if let constant = known.constant {
        if consumed {
          place = .consumed
        } else {
          place = .constant(try load(known, constant))
        }
      }
      let name = known.copyOf.map { graph[$0].name } ?? known.name
      return Plan.Operand(facts: known.facts, layout: known.layout, place: place, name: name)
    }
    let operands = try zip(nodes, actions).map { node, action in
      let inputs = try node.operands.enumerated().map { position, value in
        try operand(value, consumed: action.kernel?.consumes(input: position) ?? false)
      }
      return (inputs: inputs, outputs: try node.outputs.map { try operand($0, consumed: false) })
    }
    let lastUses = places.lastUses(of: operands, graph)
    let steps = nodes.indices.map { index in
      Plan.Step(
        node: nodes[index], action: actions[index], inputs: operands[index].inputs, outputs: operands[index].outputs,
        lastUses: lastUses[index])
    }
    let outputs = try graph.outputs.map { value in
      let made = try operand(value, consumed: false)
      guard made.layout == .plain else {
        throw ZooError(.defect, "the output \"\(made.name)\" is not there in the plain layout")
      }
      return try Plan.Output(facts: made.facts, name: made.name, place: made.place)
    }
    let plan = Plan(
      steps: steps, inputCount: graph.inputs.count, outputs: outputs, slotCount: places.slotCount,
      arenaByteCount: places.arenaByteCount, computedByteCount: graph.computedByteCount,
      room: room)
    _ = try call.memory.taking(MemoryBudget.sum([plan.byteCount] + plan.inner.map(\.byteCount)))
    return plan
  }

  /// What running takes whatever the kernels do: the outputs of the largest node, and constants that were computed.
  private func leastByteCount(_ nodes: [CompilerNode]) throws -> Int {
    let sizes = try nodes.map { node in
      MemoryBudget.sum(
        try node.outputs.map { output in
          guard let value = output.map({ graph[$0] }), value.facts.fixedShape != nil,
            let type = value.facts.elementType, type != .string
          else { return 0 }
          return try byteCount(of: value.facts, layout: value.layout)
        })
    }
    return MemoryBudget.sum([sizes.max() ?? 0, graph.computedByteCount])
  }

  /// The nodes' kernels, made side by side: weights are decoded and packed here.
  private func makeActions(_ nodes: [CompilerNode]) throws -> [Plan.Step.Action] {
    let keys = nodes.map { KernelKey($0, in: graph, shared.provider.arithmetic) }
    let known = shared.kernels.withLock { kernels in keys.map { key in key.flatMap { kernels[$0] } } }
    let order = largestFirst(nodes)
    let made = try concurrentMap(order.count, on: call.executor) { place in
      try action(for: nodes[order[place]], like: known[order[place]])
    }
    shared.kernels.withLock { kernels in
      for (index, action) in zip(order, made) where action.isNew {
        if let key = keys[index], let kernel = action.action.kernel { kernels[key] = kernel }
      }
    }
    let actions = zip(order, made).sorted { $0.0 < $1.0 }.map(\.1.action)
    for (node, action) in zip(nodes, actions) {
      let layouts = node.outputs.map { $0.map { graph[$0].layout.number } }
      try action.kernel?.check(outputLayouts: layouts, label: node.label)
    }
    return actions
  }

  /// What a constant holds. One that several nodes read stays in memory until the plan is made.
  private func load(_ value: CompilerValue, _ constant: StoredTensor) throws -> Tensor {
    if let known = loaded.withLock({ $0[constant.identity] }) { return known }
    let tensor = try shared.residents.tensor(constant, isShared: !value.holdsForShapes)
    if value.readers.count > 1 { loaded.withLock { $0[constant.identity] = tensor } }
    return tensor
  }

  /// The nodes' numbers, those with the largest constants first: what is left to the end should be short.
  private func largestFirst(_ nodes: [CompilerNode]) -> [Int] {
    let sizes = nodes.map { graph.constantByteCount(of: $0.operands) }
    return sizes.indices.sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }
  }

  /// - Parameter known: the node's kernel for other input shapes.
  private func action(
    for node: CompilerNode, like known: KernelHandle?
  ) throws -> (action: Plan.Step.Action, isNew: Bool) {
    if let native = try nativeOperation(node, in: graph, shared, call) { return (.native(native), false) }
    let provider = shared.provider
    let operation = try provider.require(node)
    try checkOutputs(of: node)
    if let known {
      let bound = try BoundNode(node, in: graph, arithmetic: provider.arithmetic)
      if let reshaped = try known.reshaped(bound, label: node.label, executor: call.executor) {
        return (.kernel(reshaped), false)
      }
    }
    // Large constants are read piece by piece where the operator can: then they are never whole beside what it packs.
    var stored: [Int: StoredTensor] = [:]
    for (position, value) in node.inputs.enumerated() {
      guard let constant = value.flatMap({ graph[$0].constant }), constant.byteCount > 1 << 16,
        constant.readsInPieces || constant.narrow != nil
      else { continue }
      stored[position] = constant
    }
    if !stored.isEmpty {
      let asked = operation.readsInPieces(try BoundNode(node, in: graph, arithmetic: provider.arithmetic))
      stored = try stored.filter { asked[$0.key] }.mapValues { try $0.inPieces() }
    }
    let bodies = node.bodies.indices.map { BodyHandle(RunnableBody(node, at: $0, shared)) }
    let bound = try BoundNode(
      node, in: graph, stored: stored, bodies: bodies, arithmetic: provider.arithmetic
    ) { value in try value.constant.map { try self.load(value, $0) } }
    let kernel = try KernelHandle.create(operation, bound, bodies: bodies, label: node.label, executor: call.executor)
    return (.kernel(kernel), true)
  }
}

extension PlanBuilder {
  /// Makes sure that enough is known of what a kernel gives, and that memory can hold it.
  private func checkOutputs(of node: CompilerNode) throws {
    for (index, output) in node.outputs.enumerated() {
      guard let facts = output.map({ graph[$0].facts }) else { continue }
      guard facts.kind != nil else {
        throw ZooError(.badData, "the type of output \(index) does not follow from the inputs", at: node.label)
      }
      guard let type = facts.elementType, let shape = facts.fixedShape else { continue }
      _ = try ZooError.locating(node.label) { try Tensor.byteCount(type: type, shape: shape) }
    }
  }
}
