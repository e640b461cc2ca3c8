import Synchronization
import ZooSystem

// The asynchronous forms of what blocks, under the same names.
extension Model {
  /// The model in the file at `path`, opened on a thread of its own.
  ///
  /// - Throws: as `init(contentsOf:)`.
  public static func load(
    contentsOf path: String, options: Options = Options()
  ) async throws(ZooError) -> Model {
    try await onOwnThread(until: nil) { try Model(contentsOf: path, options: options) }
  }

  /// The model's answer about `input`.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func predict(_ input: Input, deadline: ContinuousClock.Instant? = nil) async throws(ZooError) -> Prediction {
    try await onOwnThread(until: deadline) { try self.predict(input) }
  }

  /// The model's answers about `inputs`, in their order. Several at once take less time than one after the other.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func predict(
    _ inputs: [Input], deadline: ContinuousClock.Instant? = nil
  ) async throws(ZooError) -> [Prediction] {
    try await onOwnThread(until: deadline) { try self.predict(inputs) }
  }

  /// The model's answers about `inputs`, which are texts, in their order, generated as `options` say.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func predict(
    _ inputs: [Input], generation options: GenerationOptions, deadline: ContinuousClock.Instant? = nil
  ) async throws(ZooError) -> [Prediction] {
    try await onOwnThread(until: deadline) { try self.predict(inputs, generation: options) }
  }

  /// Tensors in, tensors out.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func run(
    _ inputs: [String: Tensor], deadline: ContinuousClock.Instant? = nil
  ) async throws(ZooError) -> [String: Tensor] {
    try await onOwnThread(until: deadline) { try self.run(inputs) }
  }

  /// Does ahead what the first prediction would do besides.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func warmUp(shapes: [String: [Int]] = [:]) async throws(ZooError) {
    try await onOwnThread(until: nil) { try self.warmUp(shapes: shapes) }
  }
}

/// What `body` gives on a thread of `CallThreads`. Its runs end at `deadline`, and when the task is cancelled.
private func onOwnThread<Answer: Sendable>(
  until deadline: ContinuousClock.Instant?, _ body: @escaping @Sendable () throws -> Answer
) async throws(ZooError) -> Answer {
  let call = WaitingCall<Answer>(RunControl(deadline: deadline))
  let result = await withTaskCancellationHandler {
    await withCheckedContinuation { call.start($0, body) }
  } onCancel: {
    call.cancel()
  }
  return try result.get()
}

/// A call that waits for a thread, and then for its end.
private final class WaitingCall<Answer: Sendable>: Sendable {
  typealias Continuation = CheckedContinuation<Result<Answer, ZooError>, Never>

  private let control: RunControl
  /// Whom to tell, until the call begins or is cancelled.
  private let waiting = Mutex<Continuation?>(nil)

  init(_ control: RunControl) { self.control = control }

  func start(_ continuation: Continuation, _ body: @escaping @Sendable () throws -> Answer) {
    waiting.withLock { $0 = continuation }
    CallThreads.shared.run { [self] in
      guard let continuation = take() else { return }
      continuation.resume(
        returning: Result { () throws(ZooError) in
          do {
            return try RunControl.$current.withValue(control) {
              try control.check()
              return try body()
            }
          } catch { throw ZooError(error) }
        })
    }
    // The task was cancelled before there was somebody to tell.
    if control.isCancelled { cancel() }
  }

  /// Ends a call that has not begun at once; one that has ends itself.
  func cancel() {
    control.cancel()
    take()?.resume(returning: .failure(.cancelled))
  }

  private func take() -> Continuation? {
    waiting.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
  }
}
