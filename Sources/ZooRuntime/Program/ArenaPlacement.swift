import ZooCompiler
import ZooCore
import ZooOperators
import ZooPlatform
import ZooPluginHost
import ZooSystem

/// Places the values that a region makes in one stretch of memory: those that a node may overwrite, or that are parts of others,
/// share it.
struct ArenaPlacement {
  private(set) var places: [ValueID: Plan.Place]
  private(set) var resting: Set<Int> = []
  private(set) var byteCount = 0
  /// Whether something is kept only as a part of it is needed.
  private(set) var hasLongParts = false

  private let graph: CompilerGraph
  private let nodes: [CompilerNode]
  private let actions: [Plan.Step.Action]
  private let takesParts: Bool
  /// By value: the last node that reads it.
  private let lastUse: [ValueID: Int]
  private let results: Set<ValueID>
  private var given: [Int: ValueID]
  private var lifetimes: [Lifetime] = []
  private var homes: [ValueID: Home] = [:]
  /// Lifetimes in which there are parts behind the beginning.
  private var divided: Set<Int> = []

  /// Where a value lies in a lifetime, which ends with the last of its values.
  private struct Home {
    var lifetime: Int
    var offset = 0
  }

  init(
    _ placement: Placement, _ graph: CompilerGraph, _ nodes: [CompilerNode], _ actions: [Plan.Step.Action],
    takesParts: Bool
  ) {
    (places, given) = (placement.places, placement.given)
    (self.graph, self.nodes, self.actions, self.takesParts) = (graph, nodes, actions, takesParts)
    var lastUse: [ValueID: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for operand in node.operands { if let operand { lastUse[operand] = index } }
    }
    self.lastUse = lastUse
    results = Set(graph.outputs)
  }

  mutating func place() throws {
    for (index, node) in nodes.enumerated() {
      if try rest(node, at: index) { continue }
      for (position, output) in node.outputs.enumerated() {
        if let output { try give(output, position, node, at: index) }
      }
    }
    let (joined, outputs) = joinedLifetimes()
    let arena = try joined.placed()
    for (value, home) in homes {
      places[value] = outputs[home.lifetime].map { .output($0) } ?? .arena(arena.offsets[home.lifetime] + home.offset)
    }
    byteCount = arena.byteCount
  }

  // MARK: Values that are there

  /// Lets the outputs of a node that takes its input apart, or sees it in another shape, be where they are.
  private mutating func rest(_ node: CompilerNode, at index: Int) throws -> Bool {
    guard case .kernel = actions[index], let input = node.input(0), let home = homes[input],
      node.outputs.allSatisfy({ $0.map { places[$0] == nil } ?? true }),
      let offsets = try partOffsets(of: node, input)
    else { return false }
    for (output, offset) in zip(node.outputs, offsets) {
      guard let output else { continue }
      homes[output] = Home(lifetime: home.lifetime, offset: home.offset + offset)
      if home.offset + offset > 0 { divided.insert(home.lifetime) }
      let last = lastUse[output] ?? index
      guard last > lifetimes[home.lifetime].last else { continue }
      lifetimes[home.lifetime].last = last
      hasLongParts = hasLongParts || !node.isView
    }
    resting.insert(index)
    return true
  }

  /// Where the outputs lie in the input, in bytes; `nil` where they have to be made.
  private func partOffsets(of node: CompilerNode, _ input: ValueID) throws -> [Int]? {
    let outputs = node.outputs.compactMap(\.self)
    guard node.epilogue.isEmpty, node.bodies.isEmpty, let type = graph[input].facts.elementType,
      let declaration = node.declaration, node.isView || takesParts && declaration.takesParts,
      outputs.allSatisfy({ graph[$0].layout == graph[input].layout && graph[$0].facts.elementType == type })
    else { return nil }
    let size = try byteCount(of: input)
    let sizes = try node.outputs.map { try $0.map { try byteCount(of: $0) } }
    guard !sizes.contains(0) else { return nil }
    if node.isView { return sizes.allSatisfy { $0 == size } ? sizes.map { _ in 0 } : nil }
    guard let parts = try declaration.parts(Inference(node, in: graph)), parts.count == sizes.count
    else { return nil }
    var offsets: [Int] = []
    for (part, partSize) in zip(parts, sizes) {
      guard let partSize else {
        offsets.append(0)
        continue
      }
      guard let range = try bytes(of: part, in: graph[input].facts, layout: graph[input].layout),
        range.count == partSize,
        range.lowerBound % SystemMemory.alignment == 0
      else { return nil }
      offsets.append(range.lowerBound)
    }
    return offsets
  }

  private func byteCount(of value: ValueID) throws -> Int {
    try ZooPluginHost.byteCount(of: graph[value].facts, layout: graph[value].layout)
  }

  // MARK: Values that are made

  /// Gives an output the memory of an input that ends, or memory of its own.
  private mutating func give(_ output: ValueID, _ position: Int, _ node: CompilerNode, at index: Int) throws {
    let kernel = position == 0 ? actions[index].kernel : nil
    let isMovable =
      switch places[output] {
      case nil, .output: true
      default: false
      }
    if isMovable, let kernel,
      let input = try overwritten(by: output, node, kernel, free: { givenAway($0, to: output, at: index) })
    {
      places[output] = .input(input)
      given[input] = output
    }
    guard places[output] == nil else { return }
    let last = lastUse[output] ?? index
    if let kernel, let shared = try overwritten(by: output, node, kernel, free: { ending($0, node, at: index) }) {
      homes[output] = Home(lifetime: shared)
      lifetimes[shared].last = max(lifetimes[shared].last, last)
    } else {
      homes[output] = Home(lifetime: lifetimes.count)
      lifetimes.append(Lifetime(byteCount: try byteCount(of: output), first: index, last: last))
    }
  }

  /// The input that the caller gives away, whose memory ends with the node at `index` and can be read as the output, too.
  private func givenAway(_ operand: ValueID, to output: ValueID, at index: Int) -> Int? {
    let (before, made) = (graph[operand].facts, graph[output].facts)
    guard case .input(let input) = places[operand], given[input] == operand, lastUse[operand] == index,
      !results.contains(operand), made.elementType != nil, made.kind == before.kind,
      made.fixedShape != nil, made.fixedShape == before.fixedShape
    else { return nil }
    return input
  }

  /// The lifetime that an operand is all of, and that ends with the node at `index`, which reads nothing else in it.
  private func ending(_ operand: ValueID, _ node: CompilerNode, at index: Int) -> Int? {
    guard let home = homes[operand], home.offset == 0, lifetimes[home.lifetime].last == index,
      (try? byteCount(of: operand)) == lifetimes[home.lifetime].byteCount,
      node.operands.count(where: { $0.flatMap { homes[$0]?.lifetime } == home.lifetime }) == 1
    else { return nil }
    return home.lifetime
  }

  /// The memory of an input that output 0 can take over: the kernel allows it and nothing reads it afterwards.
  ///
  /// - Parameter free: What holds an input and ends with the node; `nil` where another value may live on in it.
  private func overwritten(
    by output: ValueID, _ node: CompilerNode, _ kernel: KernelHandle, free: (ValueID) -> Int?
  ) throws -> Int? {
    let operands = node.operands
    for (position, input) in operands.enumerated() where kernel.canOverwrite(input: position) {
      guard let input, let lifetime = free(input), operands.count(where: { $0 == input }) == 1,
        graph[input].layout == graph[output].layout, try byteCount(of: input) == byteCount(of: output)
      else { continue }
      return lifetime
    }
    return nil
  }

  // MARK: Values inside others

  /// The lifetimes, those inside others that can be, and those that lie in the memory of an output, with that.
  private func joinedLifetimes() -> (joined: JoinedLifetimes, outputs: [Int: Int]) {
    var joined = JoinedLifetimes(lifetimes)
    var outputs: [Int: Int] = [:]
    for (index, node) in nodes.enumerated() where !resting.contains(index) {
      guard let kernel = actions[index].kernel, let output = node.outputs.first ?? nil else { continue }
      for (position, operand) in node.operands.enumerated() {
        guard let operand, let place = Self.place(ofInput: position, node, kernel),
          let part = ending(operand, node, at: index), graph[operand].layout == graph[output].layout
        else { continue }
        if let whole = homes[output]?.lifetime, lifetimes[whole].first == index {
          joined.join(part, to: whole, at: place)
        } else if case .output(let result)? = places[output], node.isView, !divided.contains(part) {
          // What is seen in another shape is made where the caller gets it.
          outputs[part] = result
          joined.leave(part)
        }
      }
    }
    return (joined, outputs)
  }

  private static func place(ofInput index: Int, _ node: CompilerNode, _ kernel: KernelHandle) -> Int? {
    node.isView && index == 0 && kernel.canOverwrite(input: 0) ? 0 : kernel.place(ofInput: index)
  }
}
