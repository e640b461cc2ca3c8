import Synchronization
import ZooCore

/// Ends runs before they are done: each looks here between its steps.
package final class RunControl: Sendable {
  /// What runs of this task, or of this thread, look at.
  @TaskLocal package static var current: RunControl?

  private let wantsEnd = Atomic<Bool>(false)
  package let deadline: ContinuousClock.Instant?
  /// That of a call around this one.
  private let outer: RunControl?

  package init(deadline: ContinuousClock.Instant? = nil) {
    self.deadline = deadline
    outer = RunControl.current
  }

  package var isCancelled: Bool { wantsEnd.load(ordering: .relaxed) }

  package func cancel() { wantsEnd.store(true, ordering: .relaxed) }

  /// Without a deadline, one atomic load.
  ///
  /// - Throws: `ZooError`: `cancelled` or `deadlineExceeded`.
  package func check() throws {
    if let deadline, deadline <= .now { throw Self.tooLate }
    if isCancelled { throw ZooError.cancelled }
    try outer?.check()
  }

  package static let tooLate = ZooError(
    .deadlineExceeded, "the deadline passed before the answer was there",
    advice: "give it more time, or smaller inputs")

  /// As `check`, of what this task or thread looks at.
  package static func check() throws { try current?.check() }

  /// What `body` gives, whose runs end at `deadline`.
  package static func with<Result>(deadline: ContinuousClock.Instant?, _ body: () throws -> Result) throws -> Result {
    guard let deadline else { return try body() }
    let control = RunControl(deadline: deadline)
    return try $current.withValue(control) {
      try control.check()
      return try body()
    }
  }
}
