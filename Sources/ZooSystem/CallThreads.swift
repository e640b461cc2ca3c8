import CZooSystem
import Synchronization

/// Threads for calls that somebody waits for without a thread of his own. Those of Swift's tasks, and Dispatch's, which are
/// the same on Linux, are one a processor: a call that filled one for seconds would keep it from all others.
///
/// A thread is started for a call that finds none, up to a limit, takes what waits when it is done, in order, and ends when
/// nothing does. Starting one takes some twenty microseconds.
package final class CallThreads: Sendable {
  /// More calls at once than processors would only take each other's time and memory; but some may be long, and a few
  /// short ones are to get through.
  package static let shared = CallThreads(limit: max(8, 2 * CPU.current.usableCount))

  private struct Call {
    var body: @Sendable () -> Void
    /// Wakes when the deadline passes, if the call has to wait for a thread.
    var timer: Task<Void, Never>?
  }

  private struct State {
    var waiting: [Call] = []
    var threadCount = 0
    /// The process whose threads these are.
    var generation: UInt32 = 0
  }

  /// Threads that there are at most.
  package let limit: Int
  private let state = Mutex(State())

  package init(limit: Int) { self.limit = limit }

  /// Calls `body` on one of the threads.
  ///
  /// - Parameter late: Called when `deadline` passes while `body` waits for a thread, which it then still gets.
  package func run(
    until deadline: ContinuousClock.Instant? = nil, late: @escaping @Sendable () -> Void = {},
    _ body: @escaping @Sendable () -> Void
  ) {
    let needsThread = state.withLock { state in
      let generation = zoo_fork_generation()
      // A child after `fork` has none of its parent's threads, and nobody who waits for its calls.
      if state.generation != generation { state = State(generation: generation) }
      guard state.threadCount < limit else {
        state.waiting.append(Call(body: body, timer: deadline.map { Self.timer($0, late) }))
        return false
      }
      state.waiting.append(Call(body: body))
      state.threadCount += 1
      return true
    }
    guard needsThread else { return }
    let held = Unmanaged.passRetained(self)
    let hasStarted = zoo_thread_start(
      "zoo-call",
      { threads in
        guard let threads else { return nil }
        Unmanaged<CallThreads>.fromOpaque(threads).takeRetainedValue().work()
        return nil
      }, held.toOpaque())
    guard !hasStarted else { return }
    // Late is better than never, where the system has no more threads.
    held.release()
    work()
  }

  private static func timer(
    _ deadline: ContinuousClock.Instant, _ late: @escaping @Sendable () -> Void
  ) -> Task<Void, Never> {
    Task.detached {
      guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
      late()
    }
  }

  private func work() {
    while let call = next() {
      call.timer?.cancel()
      call.body()
    }
  }

  private func next() -> Call? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.threadCount -= 1
        return nil
      }
      return state.waiting.removeFirst()
    }
  }
}
