import CZooPlugin
import Synchronization
import ZooCore

/// Turns a graph with all shapes and layouts known into a plan: makes the kernels, then places the values.
struct PlanBuilder {
  let graph: WorkGraph
  let registry: OperatorRegistry
  let kernels: KernelCache
  let residents: ResidentConstants
  let executor: UnsafePointer<zoo_executor>
  private let kept = KeptConstants()

  init(
    graph: WorkGraph, registry: OperatorRegistry, kernels: KernelCache, residents: ResidentConstants,
    executor: UnsafePointer<zoo_executor>
  ) {
    (self.graph, self.registry, self.kernels) = (graph, registry, kernels)
    (self.residents, self.executor) = (residents, executor)
  }

  func build() throws -> Plan {
    let handles = try makeKernels()
    let places = try placeValues(handles)
    var steps: [Plan.Step] = []
    for (entry, handle) in zip(graph.nodes, handles) {
      var inputs: [Plan.Operand] = []
      for (position, name) in entry.operands.enumerated() {
        guard !name.isEmpty, let description = try graph.describe(name) else {
          inputs.append(absent)
          continue
        }
        var place = places.values[name] ?? .absent
        if let constant = graph.constants[name] {
          if handle.consumes(input: position) {
            place = .consumed
          } else {
            let tensor = try load(name, constant)
            kept.keep(tensor, name)
            place = .constant(tensor)
          }
        }
        inputs.append(Plan.Operand(description: description, place: place))
      }
      let outputs = entry.node.outputs.map { name -> Plan.Operand in
        guard let description = graph.types[name], let place = places.values[name] else { return absent }
        return Plan.Operand(description: description, place: place)
      }
      steps.append(
        Plan.Step(
          node: entry.node, epilogue: entry.epilogue.map(\.operatorType), kernel: handle, inputs: inputs,
          outputs: outputs))
    }
    return try Plan(
      steps: steps, layoutCopies: graph.layoutCopies,
      outputs: graph.outputs.map { ($0.name, try require(graph.describe($0.value), $0.name)) },
      copiedOutputs: copiedOutputs(places.values), arenaByteCount: places.byteCount)
  }

  private func load(_ name: String, _ constant: StoredTensor) throws -> Tensor {
    try kept[name] ?? residents.tensor(constant, isShared: !graph.shapeDependent.contains(name))
  }

  private var absent: Plan.Operand {
    Plan.Operand(description: ValueDescription(type: .float32, shape: []), place: .absent)
  }

  private func require(_ description: ValueDescription?, _ name: String) throws -> ValueDescription {
    guard let description, description.layout == Int32(ZOO_LAYOUT_PLAIN) else {
      throw ZooError(.defect, "the output \"\(name)\" is not there in the plain layout")
    }
    return description
  }

  /// The nodes' kernels, made side by side: weights are decoded and packed here.
  private func makeKernels() throws -> [KernelHandle] {
    let keys = graph.nodes.map { KernelCache.Key($0, in: graph) }
    let known = keys.map { key in key.flatMap { kernels[$0] } }
    let order = largestFirst
    let made = try concurrentMap(order.count, on: executor) { place in
      try kernel(for: graph.nodes[order[place]], like: known[order[place]])
    }
    for (index, kernel) in zip(order, made) where kernel.isNew {
      if let key = keys[index] { kernels[key] = kernel.handle }
    }
    var places = order
    for (place, index) in order.enumerated() { places[index] = place }
    let handles = places.map { made[$0].handle }
    for (entry, handle) in zip(graph.nodes, handles) {
      try handle.check(outputLayouts: entry.node.outputs.map { graph.types[$0]?.layout }, node: entry.node)
    }
    return handles
  }

  /// The nodes' numbers, those with the largest constants first: what is left to the end should be short.
  private var largestFirst: [Int] {
    let sizes = graph.nodes.map { entry in
      entry.operands.reduce(0) { $0 + (graph.constants[$1]?.byteCount ?? 0) }
    }
    // What is quickly read may come in any order.
    let large = sizes.indices.filter { sizes[$0] > 1 << 12 }.sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }
    return large + sizes.indices.filter { sizes[$0] <= 1 << 12 }
  }

  /// - Parameter known: the node's kernel for other input shapes.
  private func kernel(
    for entry: WorkNode, like known: KernelHandle?
  ) throws -> (handle: KernelHandle, isNew: Bool) {
    let operation = try registry.require(entry.node, opset: graph.opset(of: entry))
    let opset = graph.opset(of: entry)
    if let known {
      let bound = try entry.bind(opset: opset, arithmetic: graph.arithmetic) { try graph.describe($0) }
      if let reshaped = try known.reshaped(bound, node: entry.node, executor: executor) { return (reshaped, false) }
    }
    // Large constants are read piece by piece where the operator can: then they are never whole beside what it packs.
    var stored: [Int: StoredTensor] = [:]
    for (position, name) in entry.ownInputs.enumerated() where position < 64 {
      guard let constant = graph.constants[name], constant.readsInPieces, constant.byteCount > 1 << 16 else { continue }
      stored[position] = constant
    }
    if !stored.isEmpty {
      let asked = operation.readsInPieces(
        try entry.bind(opset: opset, arithmetic: graph.arithmetic) { try graph.describe($0) })
      stored = stored.filter { asked >> UInt64($0.key) & 1 == 1 }
    }
    let streamed = Set(stored.keys.map { entry.ownInputs[$0] })
    var loaded: [String: Tensor] = [:]
    let bound = try entry.bind(opset: opset, stored: stored, arithmetic: graph.arithmetic) { name in
      var description = try graph.describe(name)
      if let constant = graph.constants[name], description?.constant == nil, !streamed.contains(name) {
        do {
          let tensor = try load(name, constant)
          description?.constant = tensor
          loaded[name] = tensor
        } catch let error as ZooError {
          throw error.located("constant \"\(name)\"")
        }
      }
      return description
    }
    let handle = try KernelHandle.create(operation, bound, node: entry.node, executor: executor)
    if !loaded.isEmpty {
      for (position, name) in entry.operands.enumerated() where !handle.consumes(input: position) {
        if let tensor = loaded[name] { kept.keep(tensor, name) }
      }
    }
    return (handle, true)
  }

  /// Where every value that a node makes or a caller gives lies.
  private func placeValues(_ handles: [KernelHandle]) throws -> (values: [String: Plan.Place], byteCount: Int) {
    var values: [String: Plan.Place] = [:]
    values.reserveCapacity(graph.nodes.count)
    for (index, input) in graph.inputs.enumerated() { values[input.name] = .input(index) }
    for (index, output) in graph.outputs.enumerated()
    where values[output.value] == nil && graph.constants[output.value] == nil {
      values[output.value] = .output(index)
    }
    var lastUse: [String: Int] = [:]
    lastUse.reserveCapacity(graph.nodes.count)
    for (index, entry) in graph.nodes.enumerated() {
      for name in entry.reads { lastUse[name] = index }
    }
    var lifetimes: [Lifetime] = []
    var lifetimeOf: [String: Int] = [:]
    lifetimeOf.reserveCapacity(graph.nodes.count)
    // By lifetime: the last value in it, the only one that can still be read.
    var holders: [String] = []
    for (index, entry) in graph.nodes.enumerated() {
      for (position, name) in entry.node.outputs.enumerated() where !name.isEmpty && values[name] == nil {
        guard let type = graph.types[name] else { continue }
        let last = lastUse[name] ?? index
        if position == 0,
          let shared = try overwritten(
            by: type, entry, handles[index], at: index, lastUse: lastUse, lifetimeOf, holders)
        {
          lifetimeOf[name] = shared
          holders[shared] = name
          lifetimes[shared].last = max(lifetimes[shared].last, last)
        } else {
          lifetimeOf[name] = lifetimes.count
          holders.append(name)
          lifetimes.append(Lifetime(byteCount: try type.byteCount, first: index, last: last))
        }
      }
    }
    // Each may be as large as addresses reach; all of them may not leave Int.
    guard lifetimes.reduce(0.0, { $0 + Double($1.byteCount) }) < 0x1p62 else {
      throw ZooError(.badData, "the values of the graph take more memory than there can be")
    }
    let arena = placeInArena(lifetimes)
    for (name, lifetime) in lifetimeOf { values[name] = .arena(arena.offsets[lifetime]) }
    return (values, arena.byteCount)
  }

  /// The lifetime of an input that output 0 can take over: the kernel allows it and nothing reads it afterwards.
  private func overwritten(
    by type: ValueDescription, _ entry: WorkNode, _ handle: KernelHandle, at index: Int, lastUse: [String: Int],
    _ lifetimeOf: [String: Int], _ holders: [String]
  ) throws -> Int? {
    let operands = entry.operands
    for (position, name) in operands.enumerated() where handle.canOverwrite(input: position) {
      // Another value may share the memory and live on.
      guard let lifetime = lifetimeOf[name], holders[lifetime] == name, lastUse[name] == index,
        operands.filter({ $0 == name }).count == 1,
        let source = graph.types[name], try source.byteCount == type.byteCount, source.layout == type.layout
      else { continue }
      return lifetime
    }
    return nil
  }

  private func copiedOutputs(_ places: [String: Plan.Place]) throws -> [(output: Int, source: Plan.Place)] {
    var copied: [(output: Int, source: Plan.Place)] = []
    for (index, output) in graph.outputs.enumerated() {
      if let constant = graph.constants[output.value] {
        copied.append((index, .constant(try constant.load())))
      } else if case .input = places[output.value], let place = places[output.value] {
        copied.append((index, place))
      }
    }
    return copied
  }
}

/// Constants that the steps of a plan read where they lie, from when the first kernel has asked for them: loaded anew for
/// each kernel they would leave holes in the heap.
private final class KeptConstants: Sendable {
  private let tensors = Mutex<[String: Tensor]>([:])

  subscript(name: String) -> Tensor? { tensors.withLock { $0[name] } }

  func keep(_ tensor: Tensor, _ name: String) { tensors.withLock { $0[name] = tensor } }
}
