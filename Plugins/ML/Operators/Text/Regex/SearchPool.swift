import Synchronization

/// Matchers learn while they run, so that each is used by one thread at a time and kept for the next.
final class SearchPool: Sendable {
  private let program: RegexProgram
  private let free = Mutex<[RegexMatcher]>([])

  init(_ program: RegexProgram) { self.program = program }

  func withMatcher(_ body: (RegexMatcher) throws -> Void) rethrows {
    let matcher = free.withLock { $0.popLast() } ?? RegexMatcher(program)
    defer { free.withLock { $0.append(matcher) } }
    try body(matcher)
  }
}
