import Dispatch

/// What `body` gives for each of 0 ..< `count`, on all cores.
///
/// - Throws: the error of the lowest number that failed.
package func concurrentlyMapped<Element: Sendable>(
  _ count: Int, _ body: @Sendable (Int) throws -> Element
) throws -> [Element] {
  guard count > 1 else { return count == 1 ? [try body(0)] : [] }
  // Each call writes its own slot.
  nonisolated(unsafe) let slots = UnsafeMutablePointer<Result<Element, any Error>?>.allocate(capacity: count)
  slots.initialize(repeating: nil, count: count)
  defer {
    slots.deinitialize(count: count)
    slots.deallocate()
  }
  DispatchQueue.concurrentPerform(iterations: count) { index in slots[index] = Result { try body(index) } }
  return try (0..<count).compactMap { try slots[$0]?.get() }
}

/// Calls `body` with 0 ..< `count` on all cores.
///
/// - Throws: the error of the lowest number that failed.
package func concurrently(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
  _ = try concurrentlyMapped(count, body)
}
