import CZooPlugin
import Synchronization
import ZooCompiler
import ZooCore
import ZooOperators
import ZooPluginHost
import ZooSystem

/// What running a region for one set of input shapes takes: steps in order, and where each value lies.
final class Plan: Sendable {
  /// Where a value lies during a run.
  enum Place: Sendable {
    case absent
    /// At this offset of the arena.
    case arena(Int)
    /// In a tensor that the plan holds.
    case constant(Tensor)
    /// In the caller's value, by position among the inputs.
    case input(Int)
    /// In memory that the caller gets, by position among the outputs.
    case output(Int)
    /// In a value that a step makes when it runs: its shape is not known before, or it is no tensor of numbers.
    case slot(Int)
    /// Packed inside the kernel.
    case consumed
  }

  struct Operand: Sendable {
    var facts: ValueFacts
    var layout: Layout
    var place: Place
    /// What people call the value, and what it is a copy of in another layout.
    var name: String
  }

  final class Step: Sendable {
    enum Action: Sendable {
      case kernel(KernelHandle)
      case native(any NativeOperation)
      /// The outputs lie in the first input as they are.
      case rest

      var kernel: KernelHandle? { if case .kernel(let kernel) = self { kernel } else { nil } }
    }

    let node: CompilerNode
    let action: Action
    let inputs: [Operand]
    let outputs: [Operand]
    /// Slots whose values nobody needs afterwards.
    let lastUses: [Int]

    /// Whether a kernel reads or makes values that have no place in memory before the run, or runs graphs.
    let hasValuesToMake: Bool

    init(node: CompilerNode, action: Action, inputs: [Operand], outputs: [Operand], lastUses: [Int]) {
      (self.node, self.action, self.inputs, self.outputs) = (node, action, inputs, outputs)
      self.lastUses = lastUses
      hasValuesToMake =
        !node.bodies.isEmpty
        || (inputs + outputs).contains { operand in
          switch operand.place {
          case .slot: true
          case .input: operand.facts.elementType == .string || operand.facts.elementType == nil
          default: false
          }
        }
    }

    var workspaceByteCount: Int { action.kernel?.workspaceByteCount ?? 0 }

    /// Plans of bodies that are made with the step.
    var inner: [Plan] {
      guard case .native(let operation) = action else { return [] }
      return operation.plans
    }

    var summary: String? {
      switch action {
      case .kernel(let kernel): kernel.summary
      case .native(let operation): operation.summary
      case .rest: "part of its input"
      }
    }
  }

  /// What the caller gets.
  final class Output: Sendable {
    let facts: ValueFacts
    let name: String
    let place: Place
    /// The type and shape of a tensor, where they are known.
    let form: (type: ElementType, shape: [Int])?
    /// Bytes of the memory that is made for it before the run.
    let byteCount: Int

    init(facts: ValueFacts, name: String, place: Place) throws {
      (self.facts, self.name, self.place) = (facts, name, place)
      form = facts.elementType.flatMap { type in facts.fixedShape.map { (type, $0) } }
      guard case .output = place, let form else {
        byteCount = 0
        return
      }
      byteCount = try Tensor.byteCount(type: form.type, shape: form.shape)
    }
  }

  let steps: [Step]
  let inputCount: Int
  let outputs: [Output]
  let slotCount: Int
  let arenaByteCount: Int
  /// Scratch memory of the steps lies behind the arena.
  let workspaceByteCount: Int
  /// What running takes: the arena, scratch memory, outputs, and constants that were computed.
  let byteCount: Int
  /// Plans of bodies that are made with this one.
  var inner: [Plan] { steps.flatMap(\.inner) }
  /// Whether each output is a tensor in memory of its own, or an input that no other output is.
  var givesOwnMemory: Bool {
    var inputs: Set<Int> = []
    return outputs.allSatisfy { output in
      switch output.place {
      case .output, .constant: true
      case .input(let input): output.facts.elementType != nil && inputs.insert(input).inserted
      default: false
      }
    }
  }

  /// Inputs in whose memory steps write.
  private let overwritten: [Int]
  /// Files in which kernels read constants where they lie.
  private let files: [any DiscardableOwner]
  private let idle = Mutex<[RunState]>([])
  /// Where the memory of runs may stay; without it, it stays in any case.
  private let room: PlanRoom?

  init(
    steps: [Step], inputCount: Int, outputs: [Output], slotCount: Int, arenaByteCount: Int, computedByteCount: Int,
    room: PlanRoom?
  ) {
    self.room = room
    (self.steps, self.inputCount, self.outputs) = (steps, inputCount, outputs)
    (self.slotCount, self.arenaByteCount) = (slotCount, arenaByteCount)
    overwritten = steps.lazy.flatMap(\.outputs).compactMap { operand in
      if case .input(let input) = operand.place { input } else { nil }
    }
    files = Self.files(of: steps, outputs)
    workspaceByteCount = steps.map(\.workspaceByteCount).max() ?? 0
    byteCount = MemoryBudget.sum([arenaByteCount, workspaceByteCount, computedByteCount] + outputs.map(\.byteCount))
  }

  deinit { idle.withLock { room?.release($0.count * stateByteCount) } }

  private var stateByteCount: Int { arenaByteCount + workspaceByteCount }

  private func takeState() throws -> RunState {
    guard let state = idle.withLock({ $0.popLast() }) else { return try RunState(self) }
    room?.release(stateByteCount)
    return state
  }

  /// A few wait for the next callers; a burst's arenas go back to the system.
  private func keep(_ state: RunState) {
    idle.withLock { idle in
      guard idle.count < ThreadPool.shared.workerCount, room?.keeps(stateByteCount) ?? true else { return }
      idle.append(state)
    }
  }

  /// Runs the steps; `inputs` are in the graph's order and like those that the plan was made for.
  ///
  /// - Parameters:
  ///   - given: Those whose memory nobody else reads any more.
  ///   - looks: How many of the first outputs the caller only looks at, so that they may lie in the plan's constants.
  func run(_ inputs: [Value], given: GivenInputs = .none, looks: Int = 0, _ call: RunContext) throws -> [Value] {
    var inputs = inputs
    for input in overwritten where !given.contains(input) { inputs[input] = try inputs[input].owned() }
    let state = try takeState()
    let values = try run(inputs, state, looks: looks, call)
    try checkConstants()
    keep(state)
    return values
  }

  private func run(_ inputs: [Value], _ state: RunState, looks: Int, _ call: RunContext) throws -> [Value] {
    let results = try outputs.map(Self.memory)
    state.bind(inputs: inputs, results: results)
    defer { state.forgetValues() }
    try withExtendedLifetime((inputs, results)) { try state.run(self, call) }
    var values: [Value] = []
    values.reserveCapacity(outputs.count)
    for index in outputs.indices {
      values.append(try result(index, inputs, results[index], state, isLookedAt: index < looks))
    }
    return values
  }

  /// Memory for an output that a step writes into.
  private static func memory(of output: Output) throws -> TensorMemory? {
    guard case .output = output.place, output.form != nil else { return nil }
    return try TensorMemory(byteCount: output.byteCount)
  }

  /// What the caller gets as the output at `index`: its own, whatever else is done with the run's memory, or one of the inputs.
  private func result(
    _ index: Int, _ inputs: [Value], _ memory: TensorMemory?, _ state: RunState, isLookedAt: Bool
  ) throws -> Value {
    switch outputs[index].place {
    case .output:
      guard let memory, let form = outputs[index].form else { break }
      return .tensor(try Tensor(type: form.type, shape: form.shape, memory: memory))
    case .constant(let tensor): return isLookedAt ? .tensor(tensor) : try Value.tensor(tensor).owned()
    case .input(let input): return inputs[input]
    case .slot(let slot): return try state.value(slot)
    case .absent, .arena, .consumed: break
    }
    throw ZooError(.defect, "the output \"\(outputs[index].name)\" was not made")
  }

  private static func files(of steps: [Step], _ outputs: [Output]) -> [any DiscardableOwner] {
    var files: [ObjectIdentifier: any DiscardableOwner] = [:]
    for place in steps.lazy.flatMap(\.inputs).map(\.place) + outputs.map(\.place) {
      guard case .constant(let tensor) = place, let file = tensor.memory?.file else { continue }
      files[ObjectIdentifier(file)] = file
    }
    return Array(files.values)
  }

  /// - Throws: `ZooError` (`badData`) where constants lie in a file that has changed meanwhile: what the kernels have
  ///   computed from them is nothing then.
  func checkConstants() throws {
    for file in files { try file.checkUnchanged() }
  }
}

extension Value {
  /// The value in memory of its own.
  func owned() throws -> Value {
    switch self {
    case .tensor(let tensor):
      guard tensor.memory != nil else { return self }
      return .tensor(
        try Tensor(type: tensor.type, shape: tensor.shape) { copy in
          tensor.withUnsafeBytes { copy.copyMemory(from: $0) }
        })
    case .sequence(let elements): return .sequence(try elements.map { try $0.owned() })
    case .optional(let element): return .optional(try element?.owned())
    case .map: return self
    }
  }
}

/// Which of a run's inputs it may keep or write into: nobody else reads their memory any more.
struct GivenInputs {
  static let none = GivenInputs(flags: [])

  /// By position; what is not there is not given.
  var flags: [Bool]

  func contains(_ position: Int) -> Bool { position < flags.count && flags[position] }
}

extension [Value] {
  /// The values, those that are among `inputs` in memory of their own.
  func owned(unlike inputs: some Sequence<Value>) throws -> [Value] {
    let lent = Set(inputs.lazy.flatMap(\.memories).map(ObjectIdentifier.init))
    return try map { value in
      value.memories.contains { lent.contains(ObjectIdentifier($0)) } ? try value.owned() : value
    }
  }

  /// Of each value whether it is a tensor whose memory no other one of the values has.
  var areAlone: [Bool] {
    let memories = map(\.memories)
    var uses: [ObjectIdentifier: Int] = [:]
    for memory in memories.joined() { uses[ObjectIdentifier(memory), default: 0] += 1 }
    return indices.map { index in
      self[index].memory.map { uses[ObjectIdentifier($0)] == 1 } ?? false
    }
  }
}

extension Value {
  fileprivate var memories: [TensorMemory] {
    switch self {
    case .tensor: memory.map { [$0] } ?? []
    case .sequence(let elements): elements.flatMap(\.memories)
    case .optional(let element): element?.memories ?? []
    case .map: []
    }
  }
}

/// Is told when each step of a run begins and ends.
protocol StepObserver: AnyObject {
  /// A step of `plan` begins; its inputs lie where `call` says, where it is a kernel's.
  func begin(_ step: Int, of plan: Plan, _ call: UnsafePointer<zoo_call>?)
  /// The step that began last ends.
  func end()
}
