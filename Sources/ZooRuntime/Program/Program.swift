import CZooPlugin
import Synchronization
import ZooCompiler
import ZooCore
import ZooOperators
import ZooPluginHost
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
  final class Version: Sendable {
    let plan: Plan
    /// Where the program's outputs come from.
    let outputs: [Source]
    /// What is left, which reads the region's first results.
    let rest: Program?
    /// Whether what it takes, and what belongs to it, depends on the room that the model has.
    let isOneOfMany: Bool
    /// Whether the region is all that there is, and gives tensors in memory of their own, or inputs, each once.
    let isSimple: Bool
    fileprivate let keys: [InputKey]
    private let share: PlanRoom.Share

    fileprivate init(
      _ plan: Plan, for keys: [InputKey], outputs: [Source], rest: Program?, room: PlanRoom, isOneOfMany: Bool
    ) {
      (self.plan, self.keys, self.outputs, self.rest) = (plan, keys, outputs, rest)
      (share, self.isOneOfMany) = (PlanRoom.Share(plan, of: room), isOneOfMany)
      let isWhole =
        outputs.count == plan.outputs.count
        && zip(outputs, plan.outputs.indices).allSatisfy { if case .region($1) = $0 { true } else { false } }
      isSimple = rest == nil && isWhole && plan.givesOwnMemory
    }

    /// Whether it serves the next turn, too, of a body that carries results on as `carried` inputs.
    func repeats(_ carried: Range<Int>, from first: Int) -> Bool {
      isSimple && zip(keys[carried], plan.outputs.dropFirst(first)).allSatisfy { $0 == InputKey($1.facts) }
    }

    fileprivate func serves(_ values: [Value]) -> Bool {
      keys.count == values.count && zip(keys, values).allSatisfy { $0.isOf($1) }
    }
  }

  enum Source: Sendable {
    case region(Int)
    case rest(Int)
  }

  private struct Versions {
    var table: [[InputKey]: Version] = [:]
    /// By age, oldest first.
    var order: [[InputKey]] = []
    /// That of the last run.
    var latest: Version?
    /// So many stay in any case, and so many where the model has room for them.
    static let (least, most) = (32, 1024)

    mutating func add(_ version: Version, _ room: PlanRoom) {
      table[version.keys] = version
      latest = version
      order.append(version.keys)
      while order.count > Self.most || order.count > Self.least && room.isFull { table[order.removeFirst()] = nil }
    }
  }

  init(_ graph: CompilerGraph, _ shared: SharedParts, givable: Range<Int> = 0..<0) {
    (self.graph, self.shared, self.givable) = (graph, shared, givable)
  }

  /// Computes the outputs; `inputs` are in the graph's order.
  ///
  /// - Parameters:
  ///   - given: Those whose memory nobody else reads any more, so that outputs may lie there.
  ///   - looks: How many of the first outputs the caller only looks at before it runs anything else: they may lie in
  ///     the memory of inputs or in constants.
  /// - Returns: The outputs, and whether it is known that all others are tensors whose memory nobody else has.
  func run(
    _ inputs: [Value], given: GivenInputs = .none, looks: Int = 0, _ call: RunContext
  ) throws -> (values: [Value], areAlone: Bool) {
    try run(version(for: inputs, call), inputs, given: given, looks: looks, call)
  }

  /// As `run`, for inputs that `version` was made for.
  func run(
    _ version: Version, _ inputs: [Value], given: GivenInputs, looks: Int, _ call: RunContext
  ) throws -> (values: [Value], areAlone: Bool) {
    guard version.isSimple else { return (try runRegions(from: version, inputs, given: given, call), false) }
    var inner = call
    inner.isOneOfMany = version.isOneOfMany
    inner.memory = try call.memory.taking(version.plan.byteCount)
    var results = try version.plan.run(inputs, given: given, looks: looks, inner)
    for (index, output) in version.plan.outputs.enumerated().dropFirst(looks) {
      guard case .input(let input) = output.place, !given.contains(input),
        results[index].memory === inputs[input].memory
      else { continue }
      results[index] = try results[index].owned()
    }
    return (results, true)
  }

  private func runRegions(
    from first: Version, _ inputs: [Value], given: GivenInputs, _ call: RunContext
  ) throws -> [Value] {
    // Regions follow each other; how many there are is the graph's business, not the stack's.
    var finished: [(version: Version, results: [Value])] = []
    var (version, values, call) = (first, inputs, call)
    while true {
      call.isOneOfMany = version.isOneOfMany
      var inner = call
      inner.memory = try call.memory.taking(version.plan.byteCount)
      let results = try version.plan.run(values, given: finished.isEmpty ? given : .none, inner)
      finished.append((version, results))
      guard let rest = version.rest else { break }
      values = Array(results.prefix(rest.graph.inputs.count))
      version = try rest.version(for: values, call)
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

  /// The plan of the first region for `values`.
  func version(for values: [Value], _ call: RunContext) throws -> Version {
    let latest = versions.withLock { $0.latest }
    if let latest, latest.serves(values) { return latest }
    let keys = values.map(InputKey.init)
    if let known = known(keys) { return known }
    return try version(like: values.map(ValueFacts.init(like:)), keys, call)
  }

  /// The plan of the first region for inputs of which so much is known.
  func version(like facts: [ValueFacts], _ call: RunContext) throws -> Version {
    let keys = facts.map(InputKey.init)
    return try known(keys) ?? version(like: facts, keys, call)
  }

  private func known(_ keys: [InputKey]) -> Version? {
    versions.withLock { versions in
      guard let known = versions.table[keys] else { return nil }
      versions.latest = known
      return known
    }
  }

  private func version(like facts: [ValueFacts], _ keys: [InputKey], _ call: RunContext) throws -> Version {
    var call = call
    // A plan serves others, too.
    call.control = nil
    return try planning.withLock { _ in
      if let known = known(keys) { return known }
      let made = try plan(facts, keys, call)
      versions.withLock { $0.add(made, shared.room) }
      return made
    }
  }

  private func plan(_ facts: [ValueFacts], _ keys: [InputKey], _ call: RunContext) throws -> Version {
    var whole = graph
    for (input, known) in zip(graph.inputs, facts) { whole[input].facts = known }
    let context = shared.compileContext(call)
    var region = try Region(firstOf: &whole, context)
    let results = region.graph.outputs
    try optimize(&region.graph, context, passes: allPasses)
    let isOneOfMany = call.isOneOfMany || versions.withLock { $0.table.count >= Versions.least }
    let plan = try PlanBuilder(
      graph: region.graph, shared: shared, call: call, given: givable, room: isOneOfMany ? shared.room : nil
    ).build()
    let rest = region.rest.map { Program($0, shared) }
    let places = Dictionary(results.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let later = Dictionary(
      (region.rest?.outputs ?? []).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    return Version(
      plan, for: keys,
      outputs: try whole.outputs.map { value in
        if let place = places[value] { return .region(place) }
        guard let place = later[value] else { throw ZooError(.defect, "an output is in no region") }
        return .rest(place)
      }, rest: rest, room: shared.room, isOneOfMany: isOneOfMany)
  }
}

/// What all programs of one model share.
final class SharedParts: Sendable {
  let provider: PluginProvider
  let kernels = Mutex<[KernelKey: KernelHandle]>([:])
  let residents: ResidentConstants
  /// What a run of the model may take.
  let memory: MemoryBudget
  let room = PlanRoom()

  init(provider: PluginProvider, residents: ResidentConstants, memory: MemoryBudget = .unlimited) {
    (self.provider, self.residents, self.memory) = (provider, residents, memory)
  }

  /// What passes may ask on behalf of a run.
  func compileContext(_ call: RunContext) -> CompileContext {
    CompileContext(provider: provider, derivations: residents.derivations, memory: call.memory.left)
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
  /// What may end the run between its steps.
  var control: RunControl?
}

/// What plans differ by.
struct InputKey: Sendable, Hashable {
  private let kind: ValueKind?
  /// Of a tensor.
  private let shape: [Int]?

  init(_ facts: ValueFacts) { (kind, shape) = (facts.kind, facts.fixedShape) }

  init(_ value: Value) { (kind, shape) = (value.kind, value.tensor?.shape) }

  func isOf(_ value: Value) -> Bool {
    guard case .tensor(let tensor) = value else { return shape == nil && kind == value.kind }
    return kind == .tensor(tensor.type) && shape == tensor.shape
  }
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
