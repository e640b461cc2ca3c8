import CZooPlugin
import ZooCore

/// What `body` gives for each number below `count`, computed by the executor's workers side by side.
///
/// - Throws: the error of the lowest number that failed.
package func concurrentMap<Element>(
  _ count: Int, on executor: UnsafePointer<zoo_executor>, _ body: (Int) throws -> Element
) throws -> [Element] {
  guard let run = executor.pointee.parallel_for else { throw ZooError(.defect, "the executor is malformed") }
  // Each call writes its own slot.
  let slots = UnsafeMutablePointer<Result<Element, any Error>?>.allocate(capacity: count)
  slots.initialize(repeating: nil, count: count)
  defer {
    slots.deinitialize(count: count)
    slots.deallocate()
  }
  withoutActuallyEscaping(body) { body in
    let job = Job { index in slots[index] = Result { try body(index) } }
    withExtendedLifetime(job) { run(executor, count, Job.call, Unmanaged.passUnretained(job).toOpaque()) }
  }
  return try (0..<count).compactMap { try slots[$0]?.get() }
}

private final class Job {
  let body: (Int) -> Void

  init(_ body: @escaping (Int) -> Void) { self.body = body }

  static let call: zoo_task = { argument, index, _ in
    guard let argument else { return }
    Unmanaged<Job>.fromOpaque(argument)._withUnsafeGuaranteedRef { $0.body(index) }
  }
}
