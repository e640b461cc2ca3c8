import Synchronization

/// The bytes of all bodies that are held at once, which have a limit.
final class BodyBudget: Sendable {
  private let limit: Int
  private let used = Mutex(0)

  init(_ limit: Int) { self.limit = limit }

  /// - Throws: `Failure` (429) where there are too many.
  func take(_ count: Int) throws {
    try used.withLock { used in
      guard count <= limit - used else {
        throw Failure(.tooManyRequests, "the server holds as many requests as it can", retryAfter: 1)
      }
      used += count
    }
  }

  func give(_ count: Int) { used.withLock { $0 -= count } }
}

/// What a request takes of the budget, until it is gone.
final class BodyShare: Sendable {
  private let budget: BodyBudget
  private let count = Mutex(0)

  init(_ budget: BodyBudget) { self.budget = budget }

  func take(_ more: Int) throws {
    try budget.take(more)
    count.withLock { $0 += more }
  }

  deinit { budget.give(count.withLock { $0 }) }
}
