import CZooPlugin
import ZooCore
import ZooSystem

/// A run that is made ready once and repeated, over inputs and outputs that stay where they are.
///
/// ```swift
/// let step = try model.bind(["token": token, "cache": cache], outputs: ["logits": logits, "grown": cacheMemory])
/// for next in tokens {
///   write(next, to: token)
///   try step.run()
/// }
/// ```
///
/// Between runs the caller may change what the input tensors' memory holds. An output may be given the memory of an
/// input; that is for graphs in which the node that makes the output is the only reader of the input and works in
/// place, as TensorScatter does: it then writes what is new, and nothing is copied. One run at a time.
package final class BoundRun {
  private let plan: Plan
  private let state: RunState
  private let inputs: [Value]
  private let results: [TensorMemory]
  private let threads: Int
  private let memory: MemoryBudget

  init(_ plan: Plan, inputs: [Value], results: [TensorMemory], threads: Int, memory: MemoryBudget) throws {
    self.plan = plan
    self.inputs = inputs
    self.results = results
    self.threads = threads
    self.memory = memory
    state = try RunState(plan)
    state.bind(inputs: inputs, results: results)
  }

  /// Computes the outputs from what the inputs hold now.
  ///
  /// - Throws: `ZooError` from an operator that can't work with these contents.
  package func run() throws {
    try ThreadPool.shared.withExecutor(limit: threads) {
      try run(RunContext(executor: $0, memory: memory, control: .current))
    }
  }

  /// As `run`, telling when each node was computed.
  package func profile() throws -> Profile {
    try ThreadPool.shared.withExecutor(limit: threads) { executor in
      try ProfileRecorder.profile(RunContext(executor: executor, memory: memory, control: .current), run)
    }
  }

  private func run(_ call: RunContext) throws {
    try state.run(plan, call)
    for (output, memory) in zip(plan.outputs, results) { try copy(output, to: memory) }
    try plan.checkConstants()
  }

  /// Fills an output that no step writes: a constant or an input as it is, or a value of its own.
  private func copy(_ output: Plan.Output, to memory: TensorMemory) throws {
    let tensor: Tensor? =
      switch output.place {
      case .input(let index): inputs[index].tensor
      case .constant(let tensor): tensor
      case .slot(let slot): try state.value(slot).tensor
      case .output, .arena, .absent, .consumed: nil
      }
    tensor?.withUnsafeBytes { memory.mutableBytes.copyMemory(from: $0) }
  }
}

extension CompiledModel {
  /// Makes a run over `values` and `outputs` ready. Every output that the caller has no memory for gets its own, which
  /// nobody sees.
  ///
  /// - Throws: as `run(_:)`; `badData` also for memory that is too small; `unsupported` for a model whose shapes depend
  ///   on its data.
  package func bind(_ values: [String: Tensor], outputs memory: [String: TensorMemory]) throws -> BoundRun {
    let (plan, inputs) = try plan(for: values)
    let names = outputs.map(\.name)
    for name in Set(memory.keys).subtracting(names) { throw ZooError(.badData, "the model has no output \"\(name)\"") }
    let results = try zip(names, plan.outputs).map { name, output -> TensorMemory in
      guard let type = output.facts.elementType, let shape = output.facts.fixedShape else {
        throw ZooError(.unsupported, "the shape of the output \"\(name)\" depends on the model's data")
      }
      let needed = try Tensor.byteCount(type: type, shape: shape)
      guard let given = memory[name] else { return try TensorMemory(byteCount: needed) }
      guard given.count >= needed else {
        throw ZooError(.badData, "the output \"\(name)\" needs \(needed) bytes, not \(given.count)")
      }
      return given
    }
    return try BoundRun(
      plan, inputs: inputs, results: results, threads: options.threads, memory: budget(besides: plan))
  }
}
