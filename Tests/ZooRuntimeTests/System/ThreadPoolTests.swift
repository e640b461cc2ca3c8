import CZooPlugin
import Glibc
import Synchronization
import Testing
import ZooRuntime
import ZooSystem

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 3, 64, 1000])
  func everyIndexRunsOnce(workers: Int, count: Int) {
    let pool = ThreadPool(workerCount: workers)
    let record = Record(count: count, workers: workers)
    pool.withExecutor { executor in
      #expect(executor.pointee.worker_count == UInt32(workers))
      for _ in 0..<50 { record.run(on: executor) }
    }
    #expect(record.counts == Array(repeating: 50, count: count))
    #expect(record.clashes.load(ordering: .relaxed) == 0)
  }

  @Test func limitBoundsTheWorkers() {
    let pool = ThreadPool(workerCount: 4)
    pool.withExecutor(limit: 2) { executor in
      #expect(executor.pointee.worker_count == 2)
      let record = Record(count: 200, workers: 2)
      record.run(on: executor)
      #expect(record.counts == Array(repeating: 1, count: 200))
      #expect(record.clashes.load(ordering: .relaxed) == 0)
    }
    pool.withExecutor(limit: 0) { #expect($0.pointee.worker_count == 1) }
    pool.withExecutor(limit: 100) { #expect($0.pointee.worker_count == 4) }
  }

  @Test func oneWorkerRunsInline() {
    let here = pthread_self()
    ThreadPool(workerCount: 4).withExecutor(limit: 1) { executor in
      let record = Record(count: 10, workers: 1)
      record.body = { _, _ in #expect(pthread_self() == here) }
      record.run(on: executor)
      #expect(record.counts == Array(repeating: 1, count: 10))
    }
  }

  /// More callers than the pool has slots for jobs, each with jobs inside jobs.
  @Test func manyCallersAndNestedJobs() async {
    let pool = ThreadPool(workerCount: 4)
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for round in 0..<40 {
            pool.withExecutor { executor in
              nonisolated(unsafe) let executor = executor
              let outer = Record(count: 10 + round, workers: 4)
              let inner = (0..<10 + round).map { Record(count: $0, workers: 4) }
              outer.body = { index, _ in inner[index].run(on: executor) }
              outer.run(on: executor)
              #expect(outer.counts.allSatisfy { $0 == 1 })
              #expect(inner.allSatisfy { $0.counts.allSatisfy { $0 == 1 } })
              #expect(([outer] + inner).allSatisfy { $0.clashes.load(ordering: .relaxed) == 0 })
            }
          }
        }
      }
    }
  }

  /// Plain threads, more of them than there are slots for jobs.
  @Test func moreCallersThanSlots() {
    let pool = ThreadPool(workerCount: 3)
    let records = (0..<100).map { _ in Record(count: 300, workers: 3) }
    for record in records { record.body = { _, _ in sched_yield() } }
    ThreadPool(workerCount: 100).withExecutor { callers in
      let outer = Record(count: records.count, workers: 100)
      outer.body = { index, _ in pool.withExecutor { records[index].run(on: $0) } }
      outer.run(on: callers)
    }
    #expect(records.allSatisfy { $0.counts.allSatisfy { $0 == 1 } && $0.clashes.load(ordering: .relaxed) == 0 })
  }

  /// Helpers that have gone to sleep wake for the next job, and callers that have wait for long tasks.
  @Test func wakesAfterSleep() {
    let pool = ThreadPool(workerCount: 3)
    let helped = Atomic(0)
    for _ in 0..<5 {
      usleep(3000)
      let record = Record(count: 12, workers: 3)
      record.body = { _, worker in
        if worker > 0 { helped.wrappingAdd(1, ordering: .relaxed) }
        usleep(1500)
      }
      pool.withExecutor { record.run(on: $0) }
      #expect(record.counts.allSatisfy { $0 == 1 })
    }
    #expect(helped.load(ordering: .relaxed) > 0)
  }

  @Test func helpersHaveNamesAndBlockSignals() {
    let names = Mutex<Set<String>>([])
    let record = Record(count: 40, workers: 3)
    record.body = { _, worker in
      usleep(500)
      guard worker > 0 else { return }
      // glibc's pthread_getname_np is hidden from Swift.
      var name = [UInt8](repeating: 0, count: 16)
      let file = open("/proc/thread-self/comm", O_RDONLY)
      let length = read(file, &name, name.count)
      close(file)
      var mask = sigset_t()
      pthread_sigmask(SIG_SETMASK, nil, &mask)
      #expect(sigismember(&mask, SIGINT) == 1)
      names.withLock { _ = $0.insert(String(decoding: name.prefix(max(length - 1, 0)), as: UTF8.self)) }
    }
    ThreadPool(workerCount: 3).withExecutor { record.run(on: $0) }
    let seen = names.withLock { $0 }
    #expect(seen.isSubset(of: ["zoo-worker-1", "zoo-worker-2"]) && !seen.isEmpty)
  }
}

/// Counts how often each index ran, and how often two tasks ran under one worker number at once.
private final class Record: @unchecked Sendable {
  var body: @Sendable (_ index: Int, _ worker: Int) -> Void = { _, _ in }
  let clashes = Atomic(0)
  private let count: Int
  private let ran: UnsafeMutablePointer<Atomic<Int>>
  private let workers: Int
  private let busy: UnsafeMutablePointer<Atomic<Bool>>

  init(count: Int, workers: Int) {
    self.count = count
    self.workers = workers
    ran = .allocate(capacity: max(count, 1))
    for index in 0..<count { (ran + index).initialize(to: Atomic(0)) }
    busy = .allocate(capacity: workers)
    for index in 0..<workers { (busy + index).initialize(to: Atomic(false)) }
  }

  deinit {
    ran.deallocate()
    busy.deallocate()
  }

  var counts: [Int] { (0..<count).map { ran[$0].load(ordering: .relaxed) } }

  func run(on executor: UnsafePointer<zoo_executor>) {
    executor.pointee.parallel_for(
      executor, count,
      { argument, index, worker in
        guard let argument else { return }
        Unmanaged<Record>.fromOpaque(argument).takeUnretainedValue().task(index, Int(worker))
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func task(_ index: Int, _ worker: Int) {
    guard worker < workers, !busy[worker].exchange(true, ordering: .acquiring) else {
      clashes.wrappingAdd(1, ordering: .relaxed)
      return
    }
    body(index, worker)
    ran[index].wrappingAdd(1, ordering: .relaxed)
    busy[worker].store(false, ordering: .releasing)
  }
}
