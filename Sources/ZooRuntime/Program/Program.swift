import CZooPlugin
import Synchronization
import ZooCompiler
import ZooCore
import ZooOperators
import ZooSystem

/// A graph that runs: planned region by region, each for the shapes that come, in a bounded cache.
///
/// Any number of threads may run it at once.
final class Program: Sendable {
  /// What all programs of one model share.
  let shared: SharedParts
  let graph: CompilerGraph
  /// Positions of inputs that callers may give away.
  private let givable: Range<Int>
  private let versions = Mutex(Versions())
  /// Held while a plan is made, so that packed weights are shared and not made twice.
  private let planning = Mutex(())

  /// The first region for one set of input facts, and what follows it.
  struct Version: Sendable {
    let plan: Plan
    /// Where the program's outputs come from.
    let outputs: [Source]
    /// What is left, which reads the region's first results.
    let rest: Program?
    let share: PlanRoom.Share
    /// Whether what it takes, and what belongs to it, depends on the room that the model has.
    let isOneOfMany: Bool
  }

  enum Source: Sendable {
    case region(Int)
    case rest(Int)
  }

  private struct Versions {
    var table: [[InputKey]: Version] = [:]
    /// By age, oldest first.
    var order: [[InputKey]] = []
    /// So many stay in any case, and so many where the model has room for them.
    static let (least, most) = (32, 1024)

    mutating func add(_ version: Version, for keys: [InputKey], _ room: PlanRoom) {
      table[keys] = version
      order.append(keys)
      while order.count > Self.most || order.count > Self.least && room.isFull { table[order.removeFirst()] = nil }
    }
  }

  init(_ graph: CompilerGraph, _ shared: SharedParts, givable: Range<Int> = 0..<0) {
    (self.graph, self.shared, self.givable) = (graph, shared, givable)
  }

  /// Computes the outputs; `inputs` are in the graph's order.
  ///
  /// - Parameter given: Positions of those whose memory nobody else reads any more, so that outputs may lie there.
  func run(_ inputs: [Value], given: Set<Int> = [], _ call: RunContext) throws -> [Value] {
    // Regions follow each other; how many there are is the graph's business, not the stack's.
    var finished: [(version: Version, results: [Value])] = []
    var (program, values, call) = (self, inputs, call)
    while true {
      let version = try program.version(like: values.map(ValueFacts.init(like:)), call)
      call.isOneOfMany = version.isOneOfMany
      var inner = call
      inner.memory = try call.memory.taking(version.plan.byteCount)
      let results = try version.plan.run(values, given: finished.isEmpty ? given : [], inner)
      finished.append((version, results))
      guard let rest = version.rest else { break }
      (program, values) = (rest, Array(results.prefix(rest.graph.inputs.count)))
    }
    var outputs: [Value] = []
    for (version, results) in finished.reversed() {
      let inner = outputs
      outputs = version.outputs.map { source in
        switch source {
        case .region(let index): results[index]
        case .rest(let index): inner[index]
        }
      }
    }
    return try outputs.owned(unlike: inputs.indices.lazy.filter { !given.contains($0) }.map { inputs[$0] })
  }

  /// The plan of the first region for inputs of which so much is known.
  func version(like facts: [ValueFacts], _ call: RunContext) throws -> Version {
    let keys = facts.map(InputKey.init)
    if let known = versions.withLock({ $0.table[keys] }) { return known }
    return try planning.withLock { _ in
      if let known = versions.withLock({ $0.table[keys] }) { return known }
      let made = try plan(facts, call)
      versions.withLock { $0.add(made, for: keys, shared.room) }
      return made
    }
  }

  private func plan(_ facts: [ValueFacts], _ call: RunContext) throws -> Version {
    var whole = graph
    for (input, known) in zip(graph.inputs, facts) { whole[input].facts = known }
    let context = CompileContext(
      provider: shared.provider, derivations: shared.residents.derivations,
      memory: call.memory.left)
    var region = try Region(firstOf: &whole, context)
    let results = region.graph.outputs
    try optimize(&region.graph, context)
    let isOneOfMany = call.isOneOfMany || versions.withLock { $0.table.count >= Versions.least }
    let plan = try PlanBuilder(
      graph: region.graph, shared: shared, call: call, given: givable, room: isOneOfMany ? shared.room : nil
    ).build()
    let rest = region.rest.map { Program($0, shared) }
    let places = Dictionary(results.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let later = Dictionary(
      (region.rest?.outputs ?? []).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    return Version(
      plan: plan,
      outputs: try whole.outputs.map { value in
        if let place = places[value] { return .region(place) }
        guard let place = later[value] else { throw ZooError(.defect, "an output is in no region") }
        return .rest(place)
      }, rest: rest, share: PlanRoom.Share(plan, of: shared.room), isOneOfMany: isOneOfMany)
  }
}

/// What all programs of one model share.
final class SharedParts: Sendable {
  let provider: PluginProvider
  let kernels = Mutex(KernelCache())
  let residents: ResidentConstants
  /// What a run of the model may take.
  let memory: MemoryBudget
  let room = PlanRoom()

  init(provider: PluginProvider, residents: ResidentConstants, memory: MemoryBudget = .unlimited) {
    (self.provider, self.residents, self.memory) = (provider, residents, memory)
  }
}

/// What a run has beside its values.
struct RunContext {
  var executor: UnsafePointer<zoo_executor>
  var observer: (any StepObserver)?
  var memory: MemoryBudget = .unlimited
  /// What outputs of unknown shapes may take at most, each.
  var mostBytes = Int.max
  /// Whether the plan that runs is one for many shapes.
  var isOneOfMany = false
}

/// What plans differ by.
struct InputKey: Sendable, Hashable {
  private var kind: ValueKind?
  private var shape: [Dim]?

  init(_ facts: ValueFacts) { (kind, shape) = (facts.kind, facts.shape) }
}

extension Value {
  /// Whether the value may be where one of `kind` is asked for. An optional value may be given as what it holds.
  func fits(_ kind: ValueKind) -> Bool {
    switch (self, kind) {
    case (.sequence(let elements), .sequence(let element)): elements.allSatisfy { $0.fits(element) }
    case (.optional(let element), .optional(let inner)): element?.fits(inner) ?? true
    case (_, .optional(let inner)): fits(inner)
    default: self.kind == kind
    }
  }
}

extension ValueFacts {
  /// What is known of values that are like `value`.
  init(like value: Value) {
    guard let tensor = value.tensor else {
      self.init(value.kind)
      return
    }
    self.init(tensor.type, tensor.shape)
  }
}
