import CZooPlugin
import CZooSystem
import ZooCompiler
import ZooCore
import ZooOperators
import ZooPluginHost
import ZooSystem

/// The memory of one run at a time: an arena, the ABI's tables pointing into it, and values that steps make.
final class RunState: @unchecked Sendable {
  private let tables = ScratchMemory()
  private let arena: TensorMemory
  private let calls: UnsafeMutablePointer<zoo_call>
  /// By step: the kernel, which the plan keeps, of a step that takes nothing but memory known before the run.
  private let kernels: UnsafeMutablePointer<Unmanaged<KernelHandle>?>
  /// Tables whose data the caller's tensors give, by position.
  private var fromInputs: [(table: UnsafeMutablePointer<zoo_tensor>, input: Int)] = []
  private var fromOutputs: [(table: UnsafeMutablePointer<zoo_tensor>, output: Int)] = []
  private var inputs: [Value] = []
  private var results: [TensorMemory?] = []
  private var slots: [Value?]
  /// Of the tensors in slots.
  private var keptByteCount = 0
  /// What a kernel whose outputs have no memory yet is making.
  private var making = OutputsInProgress()
  /// The step whose kernel may run graphs.
  private var running: (step: Plan.Step, call: RunContext)?

  init(_ plan: Plan) throws {
    arena = try TensorMemory(byteCount: plan.arenaByteCount + plan.workspaceByteCount)
    calls = tables.allocate(zoo_call.self, count: plan.steps.count)
    slots = Array(repeating: nil, count: plan.slotCount)
    kernels = tables.allocate(Unmanaged<KernelHandle>?.self, count: plan.steps.count)
    for (index, step) in plan.steps.enumerated() {
      if case .native = step.action { continue }
      if let kernel = step.action.kernel, !step.hasValuesToMake {
        kernels[index] = Unmanaged.passUnretained(kernel)
      }
      // What bodies read of the graph around is theirs.
      let inputs = step.inputs.dropLast(step.node.bodies.reduce(0) { $0 + $1.captures.count })
      calls[index] = zoo_call(
        size: MemoryLayout<zoo_call>.size, inputs: try makeTable(inputs).reading, input_count: inputs.count,
        outputs: try makeTable(step.outputs[...]).reading, output_count: step.outputs.count,
        workspace: arena.mutableBytes.baseAddress.map { $0 + plan.arenaByteCount }, executor: nil,
        state: Unmanaged.passUnretained(self).toOpaque(),
        allocate_output: { call, index, shape, rank in
          RunState.of(call).making.allocate(index, (0..<Int(rank)).map { Int(shape.unsafelyUnwrapped[$0]) })
        },
        copy_string: { call, bytes, count in
          RunState.of(call).making.copy(UnsafeRawBufferPointer(start: bytes, count: count)) ?? zoo_string()
        },
        append_output: { call, index, type, shape, rank in
          RunState.of(call).making.append(index, type, (0..<Int(rank)).map { Int(shape.unsafelyUnwrapped[$0]) })
        },
        set_output: { call, index, value, element in
          guard let handle = ValueHandle.at(value), handle.elements.indices.contains(element) else {
            return zoo_status(ZOO_INVALID)
          }
          return zoo_status(RunState.of(call).making.set(index, handle.elements[element]) ? ZOO_OK : ZOO_INVALID)
        },
        run_body: { call, body, inputs, count, results in
          guard let body, let results else { return zoo_status(ZOO_INVALID) }
          return RunState.of(call).run(
            BodyHandle.at(body).body, UnsafeBufferPointer(start: inputs, count: count), results)
        },
        make_tensor: { call, tensor, result in
          guard let tensor else { return zoo_status(ZOO_INVALID) }
          let state = RunState.of(call)
          return state.making.make(result) { try Value(borrowing: tensor, owner: state.arena).owned() }
        },
        make_value: { call, kind, values, elements, count, result in
          RunState.of(call).making.make(result) {
            let parts = try (0..<count).map { index in
              guard let made = ValueHandle.at(values?[index])?.elements, let place = elements?[index],
                made.indices.contains(place)
              else { throw ZooError(.defect, "a plugin makes a value of what is not there") }
              return made[place]
            }
            return try Value(of: parts, kind: kind)
          }
        })
    }
  }

  private static func of(_ call: UnsafePointer<zoo_call>?) -> RunState {
    Unmanaged<RunState>.fromOpaque(call.unsafelyUnwrapped.pointee.state).takeUnretainedValue()
  }

  private func makeTable(_ operands: ArraySlice<Plan.Operand>) throws -> StructList<zoo_tensor> {
    let table = tables.list(try operands.map { try $0.table(tables) })
    for (index, operand) in operands.enumerated() {
      switch operand.place {
      case .arena(let offset): table[index].pointee.data = arena.mutableBytes.baseAddress.map { $0 + offset }
      case .constant(let tensor): table[index].pointee.data = tables.data(of: tensor)
      case .input(let input): fromInputs.append((table[index], input))
      case .output(let output): fromOutputs.append((table[index], output))
      case .absent, .consumed, .slot: break
      }
    }
    return table
  }

  /// Patches in where the caller's tensors lie.
  func bind(inputs: [Value], results: [TensorMemory?]) {
    (self.inputs, self.results) = (inputs, results)
    for entry in fromInputs { entry.table.pointee.data = inputs[entry.input].memory?.mutableBytes.baseAddress }
    for entry in fromOutputs { entry.table.pointee.data = results[entry.output]?.mutableBytes.baseAddress }
  }

  /// Lets go of everything that only this run had.
  func forgetValues() {
    (inputs, results) = ([], [])
    for slot in slots.indices { keep(nil, in: slot) }
  }

  private func keep(_ value: Value?, in slot: Int) {
    keptByteCount += (value?.tensor?.byteCount ?? 0) - (slots[slot]?.tensor?.byteCount ?? 0)
    slots[slot] = value
  }

  func value(_ slot: Int) throws -> Value {
    guard let value = slots[slot] else { throw ZooError(.defect, "a value was not made") }
    return value
  }

  // MARK: Steps

  func run(_ plan: Plan, _ call: RunContext) throws { try CrashNote.restoring { try runSteps(of: plan, call) } }

  private func runSteps(of plan: Plan, _ call: RunContext) throws {
    for index in plan.steps.indices {
      try call.control?.check()
      guard let kernel = kernels[index] else {
        try run(plan.steps[index], at: index, of: plan, call)
        continue
      }
      calls[index].executor = call.executor
      call.observer?.begin(index, of: plan, calls + index)
      let status = kernel._withUnsafeGuaranteedRef { $0.run(calls + index) }
      try HostTable.check(status, plan.steps[index].node.label)
      call.observer?.end()
    }
  }

  private func run(_ step: Plan.Step, at index: Int, of plan: Plan, _ call: RunContext) throws {
    var inner = call
    inner.memory = try call.memory.taking(keptByteCount)
    switch step.action {
    case .rest: call.observer?.begin(index, of: plan, calls + index)
    case .kernel(let kernel):
      calls[index].executor = call.executor
      call.observer?.begin(index, of: plan, calls + index)
      try runMakingOutputs(kernel, index, step, inner)
    case .native(let operation):
      call.observer?.begin(index, of: plan, nil)
      let results = try ZooError.locating(step.node.label) {
        try operation.run(try step.inputs.map { try value(of: $0) }, inner)
      }
      for (output, value) in zip(step.outputs, results) {
        if case .slot(let slot) = output.place { keep(value, in: slot) }
      }
    }
    call.observer?.end()
    for slot in step.lastUses { keep(nil, in: slot) }
  }

  /// Runs a kernel that reads values from slots, or strings, or makes outputs whose shapes only it knows.
  private func runMakingOutputs(
    _ kernel: KernelHandle, _ index: Int, _ step: Plan.Step, _ call: RunContext
  ) throws {
    let scratch = ScratchMemory()
    var handles: [ValueHandle] = []
    for (position, operand) in step.inputs.prefix(calls[index].input_count).enumerated() {
      let value: Value
      switch operand.place {
      case .slot(let slot): value = try self.value(slot)
      case .input(let input) where operand.facts.elementType == .string || operand.facts.elementType == nil:
        value = self.inputs[input]
      default: continue
      }
      let input = UnsafeMutablePointer(mutating: calls[index].inputs[position])
      if let tensor = value.tensor {
        input?.pointee.data = scratch.data(of: tensor)
      } else {
        handles.append(ValueHandle(of: value))
        input?.pointee.value = handles.last?.pointer
      }
    }
    try making.begin(step.outputs, calls[index].outputs, call)
    running = (step, call)
    defer { running = nil }
    let status = withExtendedLifetime(handles) { kernel.run(calls + index) }
    if let failure = making.failure {
      _ = zoo_plugin_error_take()
      throw (failure as? ZooError)?.located(step.node.label) ?? failure
    }
    try HostTable.check(status, step.node.label)
    for (position, output) in step.outputs.enumerated() {
      guard case .slot(let slot) = output.place else { continue }
      keep(try ZooError.locating(step.node.label) { try making.value(position) }, in: slot)
    }
    making.end()
  }

  /// Runs a graph of the step whose kernel is running.
  private func run(
    _ body: any NodeBody, _ inputs: UnsafeBufferPointer<UnsafePointer<zoo_tensor>?>,
    _ results: UnsafeMutablePointer<OpaquePointer?>
  ) -> zoo_status {
    do {
      guard let running, let body = body as? RunnableBody else { throw ZooError(.defect, "nothing runs the graph") }
      guard inputs.count == body.ownInputCount else {
        throw ZooError(.badData, "a graph with \(body.ownInputCount) inputs is given \(inputs.count)")
      }
      let own = try inputs.map { try Value(borrowing: $0.unsafelyUnwrapped, owner: arena) }
      let operands = try running.step.inputs.map { try value(of: $0) }
      results.pointee = ValueHandle(try body.run(own, operands: operands, running.call)).retained
      return zoo_status(ZOO_OK)
    } catch {
      making.fail(error)
      return zoo_status(ZOO_FAILED)
    }
  }

  /// The value of an operand, where a native operation reads it. Tensors of the arena are lent, not copied.
  private func value(of operand: Plan.Operand) throws -> Value? {
    func lent(_ memory: UnsafeMutableRawBufferPointer, _ owner: TensorMemory, at offset: Int) throws -> Value {
      guard let type = operand.facts.elementType, let shape = operand.facts.fixedShape else {
        throw ZooError(.defect, "the shape of \"\(operand.name)\" is not known")
      }
      let count = try Tensor.byteCount(type: type, shape: shape)
      let bytes = UnsafeRawBufferPointer(rebasing: memory[offset..<offset + count])
      return .tensor(try Tensor(type: type, shape: shape, memory: TensorMemory(borrowing: bytes, owner: owner)))
    }
    switch operand.place {
    case .absent: return nil
    case .arena(let offset): return try lent(arena.mutableBytes, arena, at: offset)
    case .constant(let tensor): return .tensor(tensor)
    case .input(let input): return inputs[input]
    case .output(let output):
      guard let memory = results[output] else { throw ZooError(.defect, "an output has no memory") }
      return try lent(memory.mutableBytes, memory, at: 0)
    case .slot(let slot): return try value(slot)
    case .consumed: throw ZooError(.defect, "a value is packed where it is needed")
    }
  }
}

extension Plan.Operand {
  /// The operand as the ABI has it, without data.
  fileprivate func table(_ memory: ScratchMemory) throws -> zoo_tensor {
    if case .absent = place { return .absent }
    return try memory.tensor(facts, layout: layout)
  }
}
