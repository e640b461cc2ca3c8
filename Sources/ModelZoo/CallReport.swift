import ZooSystem

/// What came of a call of a model, for whoever keeps metrics (`Model.Options.observer`).
///
/// ```swift
/// options.observer = { report in
///   Timer(label: "model_duration").record(duration: report.duration)  // swift-metrics
///   if let error = report.error { Counter(label: "model_errors", dimensions: [("kind", error.kind.rawValue)]).increment() }
/// }
/// ```
/// ModelZoo itself depends on no library of metrics.
public struct CallReport: Sendable, Hashable {
  /// What was called, synchronously or not.
  public enum Operation: String, Sendable, Hashable, CaseIterable, Codable {
    case predict, run, stream
  }

  public var operation: Operation
  /// How many inputs were asked about.
  public var inputCount: Int
  /// From the call to its end.
  public var duration: Duration
  /// Of this, how long an asynchronous call had to wait for a thread.
  public var wait: Duration
  /// Why there is no answer; `nil` where there is one.
  public var error: ZooError?
}

extension Model {
  /// What `body` gives, whose runs end at `deadline`; the observer is told.
  func reported<Answer>(
    _ operation: CallReport.Operation, inputCount: Int, until deadline: ContinuousClock.Instant?,
    _ body: () throws -> Answer
  ) throws(ZooError) -> Answer {
    guard observer != nil else { return try ZooError.at(deadline, body) }
    let asked = ContinuousClock.now
    let result = Result { () throws(ZooError) in try ZooError.at(deadline, body) }
    report(operation, inputCount: inputCount, asked: asked, began: asked, result.error)
    return try result.get()
  }

  /// The same on a thread of `CallThreads`.
  func reported<Answer: Sendable>(
    _ operation: CallReport.Operation, inputCount: Int, until deadline: ContinuousClock.Instant?,
    _ body: @escaping @Sendable () throws -> Answer
  ) async throws(ZooError) -> Answer {
    let asked = ContinuousClock.now
    let ended = await OwnThread.call(until: deadline, body)
    report(operation, inputCount: inputCount, asked: asked, began: ended.began, ended.result.error)
    return try ended.result.get()
  }

  func report(
    _ operation: CallReport.Operation, inputCount: Int, asked: ContinuousClock.Instant, began: ContinuousClock.Instant?,
    _ error: ZooError?
  ) {
    guard let observer else { return }
    let now = ContinuousClock.now
    observer(
      CallReport(
        operation: operation, inputCount: inputCount, duration: now - asked, wait: (began ?? now) - asked, error: error)
    )
  }
}

extension Result where Failure == ZooError {
  fileprivate var error: ZooError? {
    if case .failure(let error) = self { error } else { nil }
  }
}
