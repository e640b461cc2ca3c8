import CZooPlugin
import CZooSystem
import ZooCompiler
import ZooCore
import ZooOperators

/// The memory of one run at a time: an arena, the ABI's tables pointing into it, and values that steps make.
final class RunState: @unchecked Sendable {
  private let tables = ScratchMemory()
  private let arena: TensorMemory
  private let calls: UnsafeMutablePointer<zoo_call>
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

  init(_ plan: Plan) throws {
    arena = try TensorMemory(byteCount: plan.arenaByteCount + plan.workspaceByteCount)
    calls = tables.allocate(zoo_call.self, count: plan.steps.count)
    slots = Array(repeating: nil, count: plan.slotCount)
    for (index, step) in plan.steps.enumerated() {
      guard case .kernel = step.action else { continue }
      let inputs = try makeTable(step.inputs)
      let outputs = try makeTable(step.outputs)
      calls[index] = zoo_call(
        size: MemoryLayout<zoo_call>.size, inputs: inputs, input_count: step.inputs.count, outputs: outputs,
        output_count: step.outputs.count,
        workspace: arena.mutableBytes.baseAddress.map { $0 + plan.arenaByteCount }, executor: nil,
        state: Unmanaged.passUnretained(self).toOpaque(),
        allocate_output: { call, index, shape, rank in
          RunState.of(call).making.allocate(index, (0..<Int(rank)).map { Int(shape.unsafelyUnwrapped[$0]) })
        },
        copy_string: { call, bytes, count in
          RunState.of(call).making.copy(UnsafeRawBufferPointer(start: bytes, count: count)) ?? zoo_string()
        })
    }
  }

  private static func of(_ call: UnsafePointer<zoo_call>?) -> RunState {
    Unmanaged<RunState>.fromOpaque(call.unsafelyUnwrapped.pointee.state).takeUnretainedValue()
  }

  private func makeTable(_ operands: [Plan.Operand]) throws -> UnsafeMutablePointer<zoo_tensor> {
    let table = tables.allocate(zoo_tensor.self, count: operands.count)
    for (index, operand) in operands.enumerated() {
      if case .absent = operand.place { continue }
      table[index] = try operand.table(tables)
      switch operand.place {
      case .arena(let offset): table[index].data = arena.mutableBytes.baseAddress.map { $0 + offset }
      case .constant(let tensor): table[index].data = tables.data(of: tensor)
      case .input(let input): fromInputs.append((table + index, input))
      case .output(let output): fromOutputs.append((table + index, output))
      case .absent, .consumed, .slot: break
      }
    }
    return table
  }

  /// Patches in where the caller's tensors lie.
  func bind(inputs: [Value], results: [TensorMemory?]) {
    (self.inputs, self.results) = (inputs, results)
    for entry in fromInputs { entry.table.pointee.data = inputs[entry.input].tensor?.memory?.mutableBytes.baseAddress }
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

  func run(_ plan: Plan, _ call: RunContext) throws {
    for (index, step) in plan.steps.enumerated() {
      switch step.action {
      case .kernel(let kernel):
        calls[index].executor = call.executor
        if let observer = call.observer { observer.begin(index, of: plan, calls + index) }
        if !step.hasValuesToMake {
          try HostTable.check(kernel.run(calls + index), step.node.label)
        } else {
          try runMakingOutputs(kernel, index, step, call.memory.taking(keptByteCount))
        }
      case .native(let operation):
        call.observer?.begin(index, of: plan, nil)
        let results = try ZooError.locating(step.node.label) {
          var inner = call
          inner.memory = try call.memory.taking(keptByteCount)
          return try operation.run(try step.inputs.map { try value(of: $0) }, inner)
        }
        for (output, value) in zip(step.outputs, results) {
          if case .slot(let slot) = output.place { keep(value, in: slot) }
        }
      }
      call.observer?.end()
      for slot in step.lastUses { keep(nil, in: slot) }
    }
  }

  /// Runs a kernel that reads values from slots, or strings, or makes outputs whose shapes only it knows.
  private func runMakingOutputs(
    _ kernel: KernelHandle, _ index: Int, _ step: Plan.Step, _ memory: MemoryBudget
  ) throws {
    let scratch = ScratchMemory()
    let inputs = UnsafeMutablePointer(mutating: calls[index].inputs)
    for (position, operand) in step.inputs.enumerated() {
      let value: Value
      switch operand.place {
      case .slot(let slot): value = try self.value(slot)
      case .input(let input) where operand.facts.elementType == .string: value = self.inputs[input]
      default: continue
      }
      guard let tensor = value.tensor else {
        throw ZooError(.defect, "a kernel is given no tensor", at: step.node.label)
      }
      inputs?[position].data = scratch.data(of: tensor)
    }
    try making.begin(step.outputs, UnsafeMutablePointer(mutating: calls[index].outputs), memory)
    let status = kernel.run(calls + index)
    if let failure = making.failure {
      _ = zoo_plugin_error_take()
      throw failure.located(step.node.label)
    }
    try HostTable.check(status, step.node.label)
    for (position, output) in step.outputs.enumerated() {
      guard case .slot(let slot) = output.place else { continue }
      keep(.tensor(try ZooError.locating(step.node.label) { try making.tensor(position) }), in: slot)
    }
    making.end()
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
    let shape = facts.fixedShape
    let dimensions = memory.allocate(Int64.self, count: max(shape?.count ?? 0, Int(ZOO_MAX_RANK)))
    for (index, extent) in (shape ?? []).enumerated() { dimensions[index] = Int64(extent) }
    return zoo_tensor(
      type: facts.elementType?.rawValue ?? 0, layout: layout.number,
      rank: shape.map { Int32($0.count) } ?? ZOO_RANK_UNKNOWN, is_constant: 0, shape: dimensions, data: nil,
      byte_count: shape == nil ? 0 : try byteCount)
  }

  /// Bytes in memory, blocked padding included.
  var byteCount: Int {
    get throws { try ZooRuntime.byteCount(of: facts, layout: layout) }
  }
}
