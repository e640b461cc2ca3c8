import CZooPlugin
import Synchronization
import ZooSystem

/// When each node of one run was computed, and by which workers.
///
/// Times are nanoseconds of the monotonic clock, so that several runs lie on one axis.
public struct Profile: Sendable {
  /// The computation of one node.
  public struct NodeSpan: Sendable {
    /// The node, as a position in `Profile.steps`.
    public var step: Int
    public var start: UInt64
    public var end: UInt64
    /// Nanoseconds of steps inside this one, such as those of a loop's body, which have spans of their own.
    public var innerNanoseconds: UInt64
    /// Nanoseconds of all workers together, without those of steps inside.
    public var workerNanoseconds: UInt64
  }

  /// What one worker did in one `parallel_for` of a node.
  public struct WorkerSpan: Sendable {
    /// As in `NodeSpan`.
    public var step: Int
    /// 0 is the thread that called `run`.
    public var worker: Int
    /// The beginning of its first task.
    public var start: UInt64
    /// The end of its last task.
    public var end: UInt64
    public var tasks: Int
  }

  public var start: UInt64
  public var end: UInt64
  /// What was run, each step once.
  public var steps: [CompiledModel.Step]
  public var nodes: [NodeSpan]
  public var workers: [WorkerSpan]
}

/// Takes the times of one run. It lies between the run's kernels and the executor that they are given.
final class ProfileRecorder: StepObserver, Sendable {
  private struct OpenStep {
    var step: Int
    var start: UInt64
    /// Nanoseconds that the step has spent in `parallel_for`, that its workers have, and that steps inside it took.
    var parallel: UInt64 = 0
    var busy: UInt64 = 0
    var inner: UInt64 = 0
  }

  private struct State {
    /// The innermost comes last.
    var open: [OpenStep] = []
    var steps: [CompiledModel.Step] = []
    /// By plan: the number of its first step.
    var firstSteps: [ObjectIdentifier: Int] = [:]
    var nodes: [Profile.NodeSpan] = []
    var workers: [Profile.WorkerSpan] = []
  }

  private let state = Mutex(State())
  private let start = monotonicNanoseconds()
  nonisolated(unsafe) private let executor: UnsafePointer<zoo_executor>

  private init(_ executor: UnsafePointer<zoo_executor>) { self.executor = executor }

  /// Has `body` run something with workers whose times are taken.
  static func profile(_ call: RunContext, _ body: (RunContext) throws -> Void) rethrows -> Profile {
    let recorder = ProfileRecorder(call.executor)
    var recorded = call
    recorded.observer = recorder
    try recorder.withExecutor {
      recorded.executor = $0
      try body(recorded)
    }
    return recorder.finish()
  }

  /// Calls `body` with an executor that notes what its workers do.
  private func withExecutor(_ body: (UnsafePointer<zoo_executor>) throws -> Void) rethrows {
    let recording = zoo_executor(
      size: MemoryLayout<zoo_executor>.size, worker_count: executor.pointee.worker_count,
      state: Unmanaged.passUnretained(self).toOpaque(),
      parallel_for: { executor, count, task, argument in
        guard let task, let state = executor?.pointee.state else { return }
        Unmanaged<ProfileRecorder>.fromOpaque(state)._withUnsafeGuaranteedRef { $0.run(count, task, argument) }
      })
    try withExtendedLifetime(self) { try withUnsafePointer(to: recording, body) }
  }

  func begin(_ step: Int, of plan: Plan, _: UnsafePointer<zoo_call>?) {
    state.withLock { state in
      let first = state.firstSteps[ObjectIdentifier(plan)] ?? state.steps.count
      if state.firstSteps.updateValue(first, forKey: ObjectIdentifier(plan)) == nil {
        state.steps += plan.steps.map(CompiledModel.Step.init)
      }
      state.open.append(OpenStep(step: first + step, start: monotonicNanoseconds()))
    }
  }

  /// The node that began last ends.
  func end() {
    let now = monotonicNanoseconds()
    state.withLock { state in
      guard let step = state.open.popLast() else { return }
      let duration = now - step.start
      state.open.indices.last.map { state.open[$0].inner += duration }
      // Outside of `parallel_for` one thread is at work.
      let alone = duration - min(duration, step.parallel + step.inner)
      state.nodes.append(
        Profile.NodeSpan(
          step: step.step, start: step.start, end: now, innerNanoseconds: step.inner,
          workerNanoseconds: alone + step.busy))
    }
  }

  private func finish() -> Profile {
    let end = monotonicNanoseconds()
    return state.withLock { Profile(start: start, end: end, steps: $0.steps, nodes: $0.nodes, workers: $0.workers) }
  }

  private func run(_ count: Int, _ task: zoo_task, _ argument: UnsafeMutableRawPointer?) {
    guard let parallelFor = executor.pointee.parallel_for else { return }
    let workerCount = max(Int(executor.pointee.worker_count), 1)
    let spans = UnsafeMutablePointer<TimedJob.Span>.allocate(capacity: workerCount)
    spans.initialize(repeating: TimedJob.Span(), count: workerCount)
    defer { spans.deallocate() }
    var job = TimedJob(task: task, argument: argument, spans: spans)
    let start = monotonicNanoseconds()
    withUnsafeMutablePointer(to: &job) { parallelFor(executor, count, TimedJob.call, $0) }
    let duration = monotonicNanoseconds() - start
    state.withLock { state in
      guard let innermost = state.open.indices.last else { return }
      state.open[innermost].parallel += duration
      for worker in 0..<workerCount where spans[worker].tasks > 0 {
        let span = spans[worker]
        state.open[innermost].busy += span.busy
        state.workers.append(
          Profile.WorkerSpan(
            step: state.open[innermost].step, worker: worker, start: span.start, end: span.end, tasks: span.tasks))
      }
    }
  }
}

/// A job whose tasks are timed, each worker's on its own.
private struct TimedJob {
  struct Span {
    var start: UInt64 = 0
    var end: UInt64 = 0
    var busy: UInt64 = 0
    var tasks = 0
  }

  let task: zoo_task
  let argument: UnsafeMutableRawPointer?
  let spans: UnsafeMutablePointer<Span>

  static let call: zoo_task = { argument, index, worker in
    guard let argument else { return }
    let job = argument.assumingMemoryBound(to: TimedJob.self).pointee
    let start = monotonicNanoseconds()
    job.task(job.argument, index, worker)
    let end = monotonicNanoseconds()
    let span = job.spans + Int(worker)
    if span.pointee.tasks == 0 { span.pointee.start = start }
    span.pointee.end = end
    span.pointee.busy += end - start
    span.pointee.tasks += 1
  }
}
