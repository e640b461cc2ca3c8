import CZooPlugin

/// Workers that all models share.
public final class ThreadPool: Sendable {
  public static let shared = ThreadPool(workerCount: 1)
  public let workerCount: Int

  public init(workerCount: Int) { self.workerCount = workerCount }

  /// An executor of at most `limit` workers, valid in `body`.
  public func withExecutor<Result>(
    limit: Int, _ body: (UnsafePointer<zoo_executor>) throws -> Result
  ) rethrows -> Result {
    try SerialExecutor.with(body)
  }
}
