import ModelZoo
import Synchronization

/// How much of a known number of bytes is done, at what rate, and how long the rest takes: a line on a terminal, nothing
/// elsewhere.
final class TransferProgress: Sendable {
  private let total: Int
  private let start = ContinuousClock.now
  private let last: Mutex<ContinuousClock.Instant>

  init(total: Int) {
    self.total = total
    last = Mutex(start)
  }

  /// Called by any thread with the bytes that are done.
  func update(_ done: Int) {
    let now = ContinuousClock.now
    let isDue = last.withLock { last in
      guard now - last >= .milliseconds(100) else { return false }
      last = now
      return true
    }
    guard isDue, total > 0 else { return }
    let seconds = Double((now - start).components.seconds) + Double((now - start).components.attoseconds) * 1e-18
    let share = min(1, Double(done) / Double(total))
    let rate = Double(done) / seconds
    let left = rate > 0 ? Double(max(0, total - done)) / rate : 0
    let bar = String(repeating: "#", count: Int(share * 30)).padded(to: 30)
    Console.progress(
      "[\(bar)] \(fixed(share * 100, 0)) %  \(byteText(done)) of \(byteText(total))  "
        + "\(byteText(Int(rate)))/s  \(fixed(left, 0)) s left")
  }

  func finish() { Console.clearProgress() }
}
