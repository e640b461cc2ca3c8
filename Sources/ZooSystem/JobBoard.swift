import CZooPlugin
import CZooSystem
import Synchronization

/// Where callers post jobs and helpers find them.
///
/// Jobs lie in slots that live as long as the board, so a helper that looks at a slot a moment too late reads old
/// numbers at worst, never freed memory. One 32-bit word of a slot decides everything: how many helpers may still join
/// and how many are at work. A helper joins by taking a place with a compare-and-swap, and the number of places left is
/// its worker number, which makes the numbers unique within a job; the caller is worker 0.
final class JobBoard: Sendable {
  /// Places and helpers are counted in 15 bits each.
  static let maximumWorkers = 1 << 14
  /// As many jobs at once as `open` and `free` have bits. Callers beyond that work alone.
  private static let slotCount = 64
  /// How long a helper looks for the next job, and a caller for its last helper, before it sleeps.
  private static let spinNanoseconds: UInt64 = 50_000

  private let helperCount: Int
  nonisolated(unsafe) private let slots: UnsafeMutablePointer<Slot>
  nonisolated(unsafe) private let signals: UnsafeMutablePointer<Signals>
  /// 1 + the fork generation whose threads serve this board; 0 before there are any.
  private let threadsGeneration = Atomic<UInt32>(0)

  init(helperCount: Int) {
    self.helperCount = helperCount
    slots = .allocate(capacity: Self.slotCount)
    for index in 0..<Self.slotCount { (slots + index).initialize(to: Slot()) }
    signals = .allocate(capacity: 1)
    signals.initialize(to: Signals())
  }

  deinit {
    slots.deinitialize(count: Self.slotCount)
    slots.deallocate()
    signals.deinitialize(count: 1)
    signals.deallocate()
  }

  /// Runs `task` for every index below `count` with at most `workers` (two or more) threads, this one included.
  func run(workers: Int, count: Int, task: zoo_task, argument: UnsafeMutableRawPointer?) {
    startThreads()
    guard let index = claimSlot() else {
      for index in 0..<count { task(argument, index, 0) }
      return
    }
    let slot = slots + index
    let bit = UInt64(1) << UInt64(index)
    let places = min(workers - 1, helperCount)
    slot.pointee.task = task
    slot.pointee.argument = argument
    slot.pointee.doing = zoo_doing()
    slot.pointee.count = count
    slot.pointee.next.store(0, ordering: .relaxed)
    slot.pointee.word.store(UInt32(places) << Slot.placeShift, ordering: .releasing)
    signals.pointee.open.bitwiseOr(bit, ordering: .releasing)
    // Together with the order in `sleep`, this can't miss a helper that is just about to sleep.
    signals.pointee.posted.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if signals.pointee.sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      zoo_futex_wake(signals.postedAddress, UInt32(places))
    }
    work(on: slot, bit: bit, worker: 0)
    close(slot)
    signals.pointee.free.bitwiseOr(bit, ordering: .releasing)
  }

  /// Lets the threads end; a job that runs is finished by its caller.
  func stop() {
    signals.pointee.stopped.store(true, ordering: .sequentiallyConsistent)
    signals.pointee.posted.wrappingAdd(1, ordering: .sequentiallyConsistent)
    zoo_futex_wake(signals.postedAddress, UInt32(Int32.max))
  }

  // MARK: Callers

  private func claimSlot() -> Int? {
    var free = signals.pointee.free.load(ordering: .relaxed)
    while free != 0 {
      let (exchanged, original) = signals.pointee.free.compareExchange(
        expected: free, desired: free & (free - 1), ordering: .acquiring)
      if exchanged { return free.trailingZeroBitCount }
      free = original
    }
    return nil
  }

  /// Lets nobody join any more and waits for those who did.
  private func close(_ slot: UnsafeMutablePointer<Slot>) {
    var word = slot.pointee.word.bitwiseAnd(Slot.helperMask, ordering: .acquiringAndReleasing).newValue
    while word & Slot.helperMask != 0 {
      word = zoo_spin_while(slot.wordAddress, ~0, word, Self.spinNanoseconds)
      guard word & Slot.helperMask != 0 else { break }
      // The last helper wakes a caller that has left its mark.
      word = slot.pointee.word.bitwiseOr(Slot.waiting, ordering: .acquiringAndReleasing).newValue
      guard word & Slot.helperMask != 0 else { break }
      zoo_futex_wait(slot.wordAddress, word)
      word = slot.pointee.word.load(ordering: .acquiring)
    }
  }

  // MARK: Both

  private func work(on slot: UnsafeMutablePointer<Slot>, bit: UInt64, worker: UInt32) {
    guard let task = slot.pointee.task else { return }
    let argument = slot.pointee.argument
    let count = slot.pointee.count
    while true {
      let index = slot.pointee.next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { break }
      task(argument, index, worker)
    }
    // The job needs no more help. Its slot can't be another's yet: this worker still belongs to it.
    signals.pointee.open.bitwiseAnd(~bit, ordering: .relaxed)
  }

  // MARK: Helpers

  private func startThreads() {
    let generation = zoo_fork_generation() &+ 1
    let present = threadsGeneration.load(ordering: .relaxed)
    guard present != generation,
      threadsGeneration.compareExchange(expected: present, desired: generation, ordering: .relaxed).exchanged
    else { return }
    // In a child after fork: jobs of threads that it does not have are nobody's to finish.
    signals.pointee.open.store(0, ordering: .relaxed)
    signals.pointee.sleepers.store(0, ordering: .relaxed)
    for number in 0..<helperCount {
      let board = Unmanaged.passRetained(self)
      let started = zoo_thread_start("zoo-worker-\(number + 1)", { JobBoard.help($0) }, board.toOpaque())
      // Callers do the work of threads that the system refuses.
      guard started else { return board.release() }
    }
  }

  private static func help(_ board: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let board else { return nil }
    let held = Unmanaged<JobBoard>.fromOpaque(board).takeRetainedValue()
    held.helpUntilStopped()
    return nil
  }

  private func helpUntilStopped() {
    while !signals.pointee.stopped.load(ordering: .relaxed) {
      let posted = signals.pointee.posted.load(ordering: .acquiring)
      if !helpOnce() { sleep(after: posted) }
    }
  }

  /// Works on one job that wants help; false when there is none.
  private func helpOnce() -> Bool {
    var open = signals.pointee.open.load(ordering: .acquiring)
    while open != 0 {
      let index = open.trailingZeroBitCount
      let bit = UInt64(1) << UInt64(index)
      let slot = slots + index
      if let worker = join(slot) {
        zoo_set_doing(slot.pointee.doing)
        work(on: slot, bit: bit, worker: worker)
        zoo_set_doing(nil)
        leave(slot)
        return true
      }
      open &= ~bit
    }
    return false
  }

  /// Takes a place; its number is this thread's worker number in the job.
  private func join(_ slot: UnsafeMutablePointer<Slot>) -> UInt32? {
    var word = slot.pointee.word.load(ordering: .relaxed)
    while word >> Slot.placeShift != 0 {
      let (exchanged, original) = slot.pointee.word.weakCompareExchange(
        expected: word, desired: word - 1 << Slot.placeShift + 1, ordering: .acquiring)
      if exchanged { return word >> Slot.placeShift }
      word = original
    }
    return nil
  }

  private func leave(_ slot: UnsafeMutablePointer<Slot>) {
    let word = slot.pointee.word.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
    // From here on the slot may be another job's; waking its caller for nothing does no harm.
    if word == Slot.waiting { zoo_futex_wake(slot.wordAddress, 1) }
  }

  /// Waits for a job newer than the one that made `posted` the number of jobs.
  private func sleep(after posted: UInt32) {
    guard zoo_spin_while(signals.postedAddress, ~0, posted, Self.spinNanoseconds) == posted else { return }
    signals.pointee.sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    zoo_futex_wait(signals.postedAddress, posted)
    signals.pointee.sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
  }
}

/// Two cache lines, since the CPU fetches lines in pairs.
private typealias Padding = (
  UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
)
private let noPadding: Padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

/// One job. The word: places for helpers above, the caller's mark, helpers at work below.
private struct Slot: ~Copyable {
  static let placeShift: UInt32 = 16
  static let waiting: UInt32 = 1 << 15
  static let helperMask: UInt32 = 1 << 15 - 1

  let word = Atomic<UInt32>(0)
  var task: zoo_task?
  var argument: UnsafeMutableRawPointer?
  /// The words for what the caller is doing.
  var doing: UnsafePointer<CChar>?
  var count = 0
  private let padding = noPadding
  let next = Atomic<Int>(0)
  private let morePadding = noPadding
}

/// What all threads of a board look at.
private struct Signals: ~Copyable {
  /// Counts jobs; helpers sleep on it.
  let posted = Atomic<UInt32>(0)
  let sleepers = Atomic<UInt32>(0)
  let stopped = Atomic<Bool>(false)
  private let padding = noPadding
  /// Bit i: slot i may have work for helpers.
  let open = Atomic<UInt64>(0)
  /// Bit i: slot i is free.
  let free = Atomic<UInt64>(.max)
}

// The atomics lie first in their structs, and an atomic lies in memory as its value does.
extension UnsafeMutablePointer where Pointee == Slot {
  fileprivate var wordAddress: UnsafePointer<UInt32> {
    UnsafePointer(UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt32.self))
  }
}
extension UnsafeMutablePointer where Pointee == Signals {
  fileprivate var postedAddress: UnsafePointer<UInt32> {
    UnsafePointer(UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt32.self))
  }
}
