import CZooPlugin
import ZooCore

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
public final class BoundRun {
  private let plan: Plan
  private let state: RunState
  private let inputs: [Tensor]
  private let results: [TensorMemory]
  private let threads: Int

  init(_ plan: Plan, inputs: [Tensor], results: [TensorMemory], threads: Int) throws {
    self.plan = plan
    self.inputs = inputs
    self.results = results
    self.threads = threads
    state = try RunState(plan)
    state.bind(inputs: inputs, results: results)
  }

  /// Computes the outputs from what the inputs hold now.
  ///
  /// - Throws: `ZooError` from an operator that can't work with these contents.
  public func run() throws {
    try ThreadPool.shared.withExecutor(limit: threads) { try run(executor: $0, observer: nil) }
  }

  /// As `run`, telling when each node was computed.
  public func profile() throws -> Profile {
    try ThreadPool.shared.withExecutor(limit: threads) { executor in
      let recorder = ProfileRecorder(executor)
      try recorder.withExecutor { try run(executor: $0, observer: recorder) }
      return recorder.finish()
    }
  }

  private func run(executor: UnsafePointer<zoo_executor>, observer: (any StepObserver)?) throws {
    try ZooError.showingNames { try state.run(plan, executor: executor, observer: observer) }
    plan.copyOutputs(from: inputs, to: results)
    try plan.checkConstants()
  }
}

extension CompiledModel {
  /// Makes a run over `values` and `outputs` ready. Every output that the caller has no memory for gets its own, which
  /// nobody sees.
  ///
  /// - Throws: as `run(_:)`; `badData` also for memory that is too small; `unsupported` for a model whose shapes depend
  ///   on its data.
  public func bind(_ values: [String: Tensor], outputs memory: [String: TensorMemory]) throws -> BoundRun {
    let (plan, inputs) = try plan(for: values)
    for name in Set(memory.keys).subtracting(plan.outputs.map(\.name)) {
      throw ZooError(.badData, "the model has no output \"\(name)\"")
    }
    let results = try plan.outputs.map { output -> TensorMemory in
      let needed = try output.type.byteCount
      guard let given = memory[output.name] else { return try TensorMemory(byteCount: needed) }
      guard given.count >= needed else {
        throw ZooError(.badData, "the output \"\(output.name)\" needs \(needed) bytes, not \(given.count)")
      }
      return given
    }
    return try BoundRun(plan, inputs: inputs, results: results, threads: options.threads)
  }
}
