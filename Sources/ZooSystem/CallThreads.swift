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

  private struct State {
    var waiting: [@Sendable () -> Void] = []
    var threadCount = 0
    /// The process whose threads these are.
    var generation: UInt32 = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  package init(limit: Int) { self.limit = limit }

  /// Calls `call` on one of the threads.
  package func run(_ call: @escaping @Sendable () -> Void) {
    let needsThread = state.withLock { state in
      let generation = zoo_fork_generation()
      // A child after `fork` has none of its parent's threads, and nobody who waits for its calls.
      if state.generation != generation { state = State(generation: generation) }
      state.waiting.append(call)
      guard state.threadCount < limit else { return false }
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

  private func work() {
    while let call = next() { call() }
  }

  private func next() -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.threadCount -= 1
        return nil
      }
      return state.waiting.removeFirst()
    }
  }
}
