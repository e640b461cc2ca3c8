import CZooPlugin

/// An executor that runs everything on the calling thread.
package enum SerialExecutor {
  package static func with<Result>(_ body: (UnsafePointer<zoo_executor>) throws -> Result) rethrows -> Result {
    var executor = zoo_executor(
      size: MemoryLayout<zoo_executor>.size, worker_count: 1, state: nil,
      parallel_for: { _, count, task, argument in
        for index in 0..<count { task.unsafelyUnwrapped(argument, index, 0) }
      })
    return try body(&executor)
  }
}
