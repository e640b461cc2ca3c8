import Dispatch

/// What `body` gives for each number below `count`, on all cores.
///
/// - Throws: the error of the lowest number that failed.
func concurrentlyMapped<Element: Sendable>(
  _ count: Int, _ body: @Sendable (Int) throws -> Element
) throws -> [Element] {
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
