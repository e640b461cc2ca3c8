import CZooPlugin
import CZooSystem
import Synchronization

/// Threads that help whoever has work to split, shared by all models of a process.
///
/// A caller of `parallel_for` posts a job, works on it itself and waits for the helpers that joined, never for a
/// thread to become free: with every helper busy it does all of the work alone. So calls may nest and any number of
/// threads may call at once without deadlock, and the pool never has more than one thread less than it has workers.
/// Tasks are handed out one at a time from an atomic counter, which evens out tasks and cores of unequal speed.
///
/// Idle helpers spin for some tens of microseconds, which catches the next operator of a running model, and sleep on a
/// futex after that. They are started by the first job that wants help, are called `zoo-worker-1` and so on, and block
/// all signals.
///
/// A child after `fork` has none of its parent's threads; its first job starts new ones. Don't fork inside a task: the
/// child would wait for helpers that it does not have.
package final class ThreadPool: Sendable {
  /// The process's pool: one worker for each CPU that the process may use.
  package static let shared = ThreadPool(workerCount: CPU.current.usableCount)

  /// The most workers that one job has: the calling thread and the pool's own.
  package let workerCount: Int
  private let board: JobBoard

  /// A pool of `workerCount` workers (at least 1), the calling thread being one of them.
  package init(workerCount: Int) {
    self.workerCount = min(max(workerCount, 1), JobBoard.maximumWorkers)
    board = JobBoard(helperCount: self.workerCount - 1)
  }

  deinit { board.stop() }

  /// Calls `body` with an executor of `limit` workers, or of all there are if they are fewer.
  ///
  /// The executor may be used by any number of threads at once until `body` returns.
  package func withExecutor<Result>(
    limit: Int = .max, _ body: (UnsafePointer<zoo_executor>) throws -> Result
  ) rethrows -> Result {
    let executor = zoo_executor(
      size: MemoryLayout<zoo_executor>.size, worker_count: UInt32(min(max(limit, 1), workerCount)),
      state: Unmanaged.passUnretained(board).toOpaque(), parallel_for: parallelFor)
    return try withExtendedLifetime(self) { try withUnsafePointer(to: executor, body) }
  }
}

/// `zoo_executor.parallel_for`.
private func parallelFor(
  executor: UnsafePointer<zoo_executor>?, count: Int, task: zoo_task?, argument: UnsafeMutableRawPointer?
) {
  guard let executor, let task else { return }
  let workers = min(Int(executor.pointee.worker_count), count)
  guard workers > 1, let state = executor.pointee.state else {
    for index in 0..<max(count, 0) { task(argument, index, 0) }
    return
  }
  Unmanaged<JobBoard>.fromOpaque(state)._withUnsafeGuaranteedRef {
    $0.run(workers: workers, count: count, task: task, argument: argument)
  }
}
