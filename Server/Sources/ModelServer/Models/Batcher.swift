import Metrics

/// Questions that wait for a model, which answers one batch after another, the longest waiting first.
///
/// While a batch is computed others gather, so that batches grow with the load and nobody waits for one to fill; a
/// `delay` lets the first one wait for company, too.
actor Batcher<Question: Sendable, Answer: Sendable> {
  struct Limits: Sendable {
    /// Rows of a batch.
    var rows = 1
    /// How long a question waits for others before it is asked.
    var delay: Duration = .zero
    /// Questions that wait.
    var queue = 64
  }

  private struct Job {
    var number: Int
    var question: Question
    var key: String?
    var rows: Int
    var arrival: ContinuousClock.Instant
    var deadline: ContinuousClock.Instant
    var continuation: CheckedContinuation<Answer, any Error>
  }

  private let limits: Limits
  private let run: @Sendable ([Question], ContinuousClock.Instant) async -> [Result<Answer, any Error>]
  private let label: String
  private let statistics: ModelStatistics
  private var waiting: [Job] = []
  /// What is computed now.
  private var batch: [Job] = []
  private var batchTask: Task<Void, Never>?
  private var delayTask: Task<Void, Never>?
  private var count = 0

  /// - Parameters:
  ///   - label: The model, in metrics.
  ///   - statistics: Are told how long questions wait.
  ///   - run: Answers each question of a batch, which have the same key, in their order.
  init(
    _ limits: Limits, label: String, statistics: ModelStatistics,
    run: @escaping @Sendable ([Question], ContinuousClock.Instant) async -> [Result<Answer, any Error>]
  ) {
    (self.limits, self.label, self.statistics, self.run) = (limits, label, statistics, run)
  }

  /// The answer to `question`, which may go with others of the same key; `nil` is for what goes alone.
  ///
  /// - Throws: `Failure` (429) where too many wait, (504) at the deadline; what `run` answers with.
  func answer(_ question: Question, key: String?, rows: Int, deadline: ContinuousClock.Instant) async throws -> Answer {
    guard waiting.count < limits.queue else {
      Counter(label: "zoo_queue_refused_total", dimensions: [("model", label)]).increment()
      throw Failure(.tooManyRequests, "too many requests wait for the model", retryAfter: 1)
    }
    try Task.checkCancellation()
    count += 1
    let number = count
    let timer = Task {
      try await Task.sleep(until: deadline)
      self.end(number, Failure(.gatewayTimeout, "the time for the request is over"))
    }
    defer { timer.cancel() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        waiting.append(
          Job(
            number: number, question: question, key: key, rows: rows, arrival: .now, deadline: deadline,
            continuation: continuation))
        start()
      }
    } onCancel: {
      Task { await self.end(number, CancellationError()) }
    }
  }

  /// Answers with an error. What is computed for nobody else is given up.
  private func end(_ number: Int, _ error: any Error) {
    if let place = waiting.firstIndex(where: { $0.number == number }) {
      waiting.remove(at: place).continuation.resume(throwing: error)
    } else if let place = batch.firstIndex(where: { $0.number == number }) {
      batch.remove(at: place).continuation.resume(throwing: error)
      if batch.isEmpty { batchTask?.cancel() }
    }
  }

  private func start() {
    guard batchTask == nil, let first = waiting.first else { return }
    var rows = 0
    let places = waiting.indices.filter { place in
      let job = waiting[place]
      let fits = job.key != nil && job.key == first.key && job.rows <= limits.rows - rows
      guard place == 0 || fits else { return false }
      rows += job.rows
      return true
    }
    let due = first.arrival + limits.delay
    guard first.key == nil || rows >= limits.rows || due <= .now else { return startLater(at: due) }
    delayTask?.cancel()
    delayTask = nil
    batch = places.map { waiting[$0] }
    for place in places.reversed() { waiting.remove(at: place) }
    Recorder(label: "zoo_batch_rows", dimensions: [("model", label)]).record(rows)
    let now = ContinuousClock.now
    statistics.waited(batch.map { now - $0.arrival })
    let questions = batch.map(\.question)
    // Each job's own timer ends it; whoever has most time may use it.
    let deadline = batch.map(\.deadline).max() ?? .now
    let numbers = batch.map(\.number)
    batchTask = Task { finish(numbers, await run(questions, deadline)) }
  }

  private func startLater(at due: ContinuousClock.Instant) {
    guard delayTask == nil else { return }
    delayTask = Task {
      try? await Task.sleep(until: due)
      delayTask = nil
      start()
    }
  }

  private func finish(_ numbers: [Int], _ answers: [Result<Answer, any Error>]) {
    // Some may have gone meanwhile.
    for job in batch {
      if let place = numbers.firstIndex(of: job.number), place < answers.count {
        job.continuation.resume(with: answers[place])
      }
    }
    batch = []
    batchTask = nil
    start()
  }
}
