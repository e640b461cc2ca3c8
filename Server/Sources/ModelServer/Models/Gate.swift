/// Lets so many in at once; the others wait in a row, which has an end.
actor Gate {
  private struct Guest {
    var number: Int
    var continuation: CheckedContinuation<Void, any Error>
  }

  private let queue: Int
  private var places: Int
  private var waiting: [Guest] = []
  private var count = 0

  init(places: Int, queue: Int) { (self.places, self.queue) = (places, queue) }

  /// A place, until it is gone.
  final class Place: Sendable {
    private let gate: Gate

    fileprivate init(_ gate: Gate) { self.gate = gate }

    deinit {
      let gate = gate
      Task { await gate.leave() }
    }
  }

  /// Waits for a place.
  ///
  /// - Throws: `Failure` (429) where too many wait, (504) at the deadline; `CancellationError`.
  func enter(until deadline: ContinuousClock.Instant) async throws -> Place {
    try Task.checkCancellation()
    guard places == 0 else {
      places -= 1
      return Place(self)
    }
    guard waiting.count < queue else {
      throw Failure(.tooManyRequests, "too many requests wait for the model", retryAfter: 1)
    }
    count += 1
    let number = count
    let timer = Task {
      try await Task.sleep(until: deadline)
      self.end(number, Failure(.gatewayTimeout, "the time for the request is over"))
    }
    defer { timer.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiting.append(Guest(number: number, continuation: $0)) }
    } onCancel: {
      Task { await self.end(number, CancellationError()) }
    }
    return Place(self)
  }

  private func leave() {
    if waiting.isEmpty { places += 1 } else { waiting.removeFirst().continuation.resume() }
  }

  private func end(_ number: Int, _ error: any Error) {
    guard let place = waiting.firstIndex(where: { $0.number == number }) else { return }
    waiting.remove(at: place).continuation.resume(throwing: error)
  }
}
