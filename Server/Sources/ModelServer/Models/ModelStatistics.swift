import FoundationEssentials
import Synchronization

/// What was asked of a model since it was first opened, as the protocol's extension of statistics counts it.
final class ModelStatistics: Sendable {
  /// So many times, and how long all of them took.
  struct Tally: Sendable {
    var count = 0
    var duration = Duration.zero

    mutating func add(_ duration: Duration, times count: Int = 1) {
      self.count += count
      self.duration += duration * count
    }
  }

  /// The parts of a computation: rows are put together, go through the network, and are taken apart.
  struct Parts<Part: Sendable>: Sendable {
    var input: Part
    var infer: Part
    var output: Part
  }

  struct Counts: Sendable {
    var success = Tally()
    var failure = Tally()
    var queue = Tally()
    /// Of requests: each counts the whole time of the batch that it was in.
    var requests = Parts(input: Tally(), infer: Tally(), output: Tally())
    /// Of batches by their rows.
    var batches: [Int: Parts<Tally>] = [:]
    var rows = 0
    var executions = 0
    /// Milliseconds since the epoch; 0 before the first.
    var last = 0
  }

  private let state = Mutex(Counts())

  var counts: Counts { state.withLock { $0 } }

  /// What `body` gives; its time counts as that of a request.
  func request<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
    let began = ContinuousClock.now
    var isSuccess = false
    defer {
      let (duration, isSuccess) = (ContinuousClock.now - began, isSuccess)
      let now = Int(Date.now.timeIntervalSince1970 * 1000)
      state.withLock { counts in
        if isSuccess { counts.success.add(duration) } else { counts.failure.add(duration) }
        counts.last = now
      }
    }
    let answer = try await body()
    isSuccess = true
    return answer
  }

  /// Counts the times that requests waited for the model.
  func waited(_ durations: [Duration]) {
    state.withLock { counts in for duration in durations { counts.queue.add(duration) } }
  }

  /// Counts a batch that was computed.
  func computed(requests: Int, rows: Int, _ durations: Parts<Duration>) {
    state.withLock { counts in
      counts.requests.add(durations, times: requests)
      counts.batches[rows, default: Parts(input: Tally(), infer: Tally(), output: Tally())].add(durations, times: 1)
      counts.rows += rows
      counts.executions += 1
    }
  }
}

extension ModelStatistics.Parts<ModelStatistics.Tally> {
  fileprivate mutating func add(_ durations: ModelStatistics.Parts<Duration>, times count: Int) {
    input.add(durations.input, times: count)
    infer.add(durations.infer, times: count)
    output.add(durations.output, times: count)
  }
}

extension Duration {
  var nanoseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
  }
}
