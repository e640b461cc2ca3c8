import Dispatch

/// Calls `body` with 0 ..< `count` on all cores.
///
/// - Throws: the error of the lowest number that failed.
package func concurrently(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
  guard count > 1 else {
    if count == 1 { try body(0) }
    return
  }
  // Each call writes its own slot.
  nonisolated(unsafe) let errors = UnsafeMutablePointer<(any Error)?>.allocate(capacity: count)
  errors.initialize(repeating: nil, count: count)
  defer {
    errors.deinitialize(count: count)
    errors.deallocate()
  }
  DispatchQueue.concurrentPerform(iterations: count) { index in
    do {
      try body(index)
    } catch {
      errors[index] = error
    }
  }
  for index in 0..<count {
    if let error = errors[index] { throw error }
  }
}
