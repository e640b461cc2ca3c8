import Synchronization

/// What is done for a client, which ends when the client goes away.
final class ClientTasks: Sendable {
  private struct State {
    var isGone = false
    var count = 0
    var cancels: [Int: @Sendable () -> Void] = [:]
  }

  private let state = Mutex(State())

  /// What `body` gives, whose task is cancelled with the others, or with the caller's.
  func run<Answer: Sendable>(_ body: @escaping @Sendable () async throws -> Answer) async throws -> Answer {
    let task = Task { try await body() }
    let number = add { task.cancel() }
    defer { remove(number) }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  private func add(_ cancel: @escaping @Sendable () -> Void) -> Int {
    let (number, isGone) = state.withLock { state in
      state.count += 1
      if !state.isGone { state.cancels[state.count] = cancel }
      return (state.count, state.isGone)
    }
    if isGone { cancel() }
    return number
  }

  private func remove(_ number: Int) { state.withLock { _ = $0.cancels.removeValue(forKey: number) } }

  /// Ends all that is done, and what would begin later.
  func cancel() {
    let cancels = state.withLock { state in
      state.isGone = true
      defer { state.cancels = [:] }
      return state.cancels.values
    }
    for cancel in cancels { cancel() }
  }
}
