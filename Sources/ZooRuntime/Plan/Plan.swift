import CZooPlugin
import Synchronization
import ZooCore

/// What running a graph with one set of input shapes takes: kernels in order, and where each value lies.
final class Plan: Sendable {
  /// Where a value lies during a run.
  enum Place: Sendable {
    case absent
    /// At this offset of the arena.
    case arena(Int)
    /// In a tensor that the plan holds.
    case constant(Tensor)
    /// In the caller's tensor, by position among the inputs.
    case input(Int)
    /// In the tensor that the caller gets, by position among the outputs.
    case output(Int)
    /// Packed inside the kernel.
    case consumed
  }

  struct Operand: Sendable {
    var description: ValueDescription
    var place: Place
  }

  struct Step: Sendable {
    var node: Node
    var epilogue: [String]
    var kernel: KernelHandle
    var inputs: [Operand]
    var outputs: [Operand]
  }

  let steps: [Step]
  /// Values that are others in another layout, by name.
  let layoutCopies: [String: String]
  let outputs: [(name: String, type: ValueDescription)]
  /// Outputs that are constants or inputs as they are.
  let copiedOutputs: [(output: Int, source: Place)]
  let arenaByteCount: Int
  /// Scratch memory of the steps lies behind the arena.
  let workspaceByteCount: Int
  /// Files in which kernels read constants where they lie.
  private let files: [any DiscardableOwner]
  private let idle = Mutex<[RunState]>([])

  init(
    steps: [Step], layoutCopies: [String: String], outputs: [(name: String, type: ValueDescription)],
    copiedOutputs: [(output: Int, source: Place)], arenaByteCount: Int
  ) {
    self.steps = steps
    self.layoutCopies = layoutCopies
    self.outputs = outputs
    self.copiedOutputs = copiedOutputs
    self.arenaByteCount = arenaByteCount
    files = Self.files(of: steps, copiedOutputs)
    workspaceByteCount = steps.map(\.kernel.workspaceByteCount).max() ?? 0
  }

  /// Runs the steps; `inputs` are in the graph's order and have the shapes that the plan was made for.
  func run(
    _ inputs: [Tensor], executor: UnsafePointer<zoo_executor>, observer: (any StepObserver)?
  ) throws -> [Tensor] {
    let state = try idle.withLock { $0.popLast() } ?? RunState(self)
    let results = try outputs.map { output in
      try TensorMemory(byteCount: Tensor.byteCount(type: output.type.type, shape: output.type.shape ?? []))
    }
    state.bind(inputs: inputs, results: results)
    try withExtendedLifetime((inputs, results)) {
      try state.run(self, executor: executor, observer: observer)
    }
    copyOutputs(from: inputs, to: results)
    try checkConstants()
    // A few wait for the next callers; a burst's arenas go back to the system.
    idle.withLock { if $0.count < ThreadPool.shared.workerCount { $0.append(state) } }
    return try zip(outputs, results).map { output, memory in
      try Tensor(type: output.type.type, shape: output.type.shape ?? [], memory: memory)
    }
  }

  private static func files(
    of steps: [Step], _ copied: [(output: Int, source: Place)]
  ) -> [any DiscardableOwner] {
    var files: [ObjectIdentifier: any DiscardableOwner] = [:]
    for place in steps.lazy.flatMap(\.inputs).map(\.place) + copied.map(\.source) {
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

  /// Fills the outputs that are constants or inputs as they are.
  func copyOutputs(from inputs: [Tensor], to results: [TensorMemory]) {
    for copy in copiedOutputs {
      switch copy.source {
      case .input(let index): inputs[index].withUnsafeBytes { results[copy.output].mutableBytes.copyMemory(from: $0) }
      case .constant(let tensor): tensor.withUnsafeBytes { results[copy.output].mutableBytes.copyMemory(from: $0) }
      default: break
      }
    }
  }
}

/// Is told when each step of a run begins and ends.
protocol StepObserver: AnyObject {
  /// The step at the position `step` begins; its inputs lie where `call` says.
  func begin(_ step: Int, _ call: UnsafePointer<zoo_call>)
  /// The step that began last ends.
  func end()
}

/// The memory of one run at a time: an arena, and the ABI's tables pointing into it.
final class RunState: @unchecked Sendable {
  private let tables = ScratchMemory()
  private let arena: TensorMemory
  private let calls: UnsafeMutablePointer<zoo_call>
  /// Tables whose data the caller's tensors give, by position.
  private var fromInputs: [(table: UnsafeMutablePointer<zoo_tensor>, input: Int)] = []
  private var fromOutputs: [(table: UnsafeMutablePointer<zoo_tensor>, output: Int)] = []

  init(_ plan: Plan) throws {
    arena = try TensorMemory(byteCount: plan.arenaByteCount + plan.workspaceByteCount)
    calls = tables.allocate(zoo_call.self, count: plan.steps.count)
    for (index, step) in plan.steps.enumerated() {
      let inputs = try makeTable(step.inputs)
      let outputs = try makeTable(step.outputs)
      calls[index] = zoo_call(
        size: MemoryLayout<zoo_call>.size, inputs: inputs, input_count: step.inputs.count, outputs: outputs,
        output_count: step.outputs.count,
        workspace: arena.mutableBytes.baseAddress.map { $0 + plan.arenaByteCount }, executor: nil, state: nil,
        allocate_output: { _, _, _, _ in nil }, copy_string: { _, _, _ in zoo_string() })
    }
  }

  private func makeTable(_ operands: [Plan.Operand]) throws -> UnsafeMutablePointer<zoo_tensor> {
    let table = tables.allocate(zoo_tensor.self, count: operands.count)
    for (index, operand) in operands.enumerated() {
      if case .absent = operand.place { continue }
      let shape = operand.description.shape ?? []
      table[index] = zoo_tensor(
        type: operand.description.type.rawValue, layout: operand.description.layout, rank: Int32(shape.count),
        is_constant: 0, shape: tables.copy(shape.map(Int64.init)), data: nil,
        byte_count: try operand.description.byteCount)
      switch operand.place {
      case .arena(let offset): table[index].data = arena.mutableBytes.baseAddress.map { $0 + offset }
      case .constant(let tensor): table[index].data = tables.data(of: tensor)
      case .input(let input): fromInputs.append((table + index, input))
      case .output(let output): fromOutputs.append((table + index, output))
      case .absent, .consumed: break
      }
    }
    return table
  }

  /// Patches in where the caller's tensors lie; they must live until the run is over.
  func bind(inputs: [Tensor], results: [TensorMemory]) {
    for entry in fromInputs { entry.table.pointee.data = inputs[entry.input].memory?.mutableBytes.baseAddress }
    for entry in fromOutputs { entry.table.pointee.data = results[entry.output].mutableBytes.baseAddress }
  }

  func run(_ plan: Plan, executor: UnsafePointer<zoo_executor>, observer: (any StepObserver)?) throws {
    for (index, step) in plan.steps.enumerated() {
      calls[index].executor = executor
      observer?.begin(index, calls + index)
      try HostTable.check(step.kernel.run(calls + index), step.node.label)
      observer?.end()
    }
  }
}
