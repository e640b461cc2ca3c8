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
    try await OwnThread.call(until: nil) { try Model(contentsOf: path, options: options) }.result.get()
  }

  /// The model's answer about `input`.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func predict(_ input: Input, deadline: ContinuousClock.Instant? = nil) async throws(ZooError) -> Prediction {
    try await reported(.predict, inputCount: 1, until: deadline) { try self.answer(input) }
  }

  /// The model's answers about `inputs`, in their order. Several at once take less time than one after the other.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func predict(
    _ inputs: [Input], deadline: ContinuousClock.Instant? = nil
  ) async throws(ZooError) -> [Prediction] {
    try await reported(.predict, inputCount: inputs.count, until: deadline) { try self.answers(inputs) }
  }

  /// The model's answers about `inputs`, which are texts, in their order, generated as `options` say.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func predict(
    _ inputs: [Input], generation options: GenerationOptions, deadline: ContinuousClock.Instant? = nil
  ) async throws(ZooError) -> [Prediction] {
    try await generate(inputs, options: options, deadline: deadline).map { .text($0.text) }
  }

  /// The texts that the model generates about `inputs`, in their order, with how each ended.
  ///
  /// All texts that are asked for asynchronously, here and as streams, grow together, whatever their options: several take
  /// little longer than one, and each is what it would be alone.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func generate(
    _ inputs: [Input], options: GenerationOptions = GenerationOptions(), deadline: ContinuousClock.Instant? = nil
  ) async throws(ZooError) -> [GeneratedText] {
    guard !inputs.isEmpty else { return [] }
    let call = JointCall(inputs.count, RunControl(deadline: deadline))
    let asked = ContinuousClock.now
    let ended = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        call.start(continuation) { call in self.answer(inputs, options, call.control, done: { call.end($0, $1) }) }
      }
    } onCancel: {
      call.cancel()
    }
    report(.predict, inputCount: inputs.count, asked: asked, began: ended.began, ended.error)
    return try ended.result.get()
  }

  /// Tensors in, tensors out.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func run(
    _ inputs: [String: Tensor], deadline: ContinuousClock.Instant? = nil
  ) async throws(ZooError) -> [String: Tensor] {
    try await reported(.run, inputCount: 1, until: deadline) { try self.compiled.run(inputs) }
  }

  /// Does ahead what the first prediction would do besides.
  ///
  /// - Throws: as the synchronous form; `cancelled` where the task is.
  public func warmUp(shapes: [String: [Int]] = [:]) async throws(ZooError) {
    try await OwnThread.call(until: nil) { try self.warmUp(shapes: shapes) }.result.get()
  }
}

/// A call on a thread of `CallThreads`.
enum OwnThread {
  /// How a call ended, and when it began; `nil` if it ended before it had a thread.
  struct Ended<Answer: Sendable>: Sendable {
    var result: Result<Answer, ZooError>
    var began: ContinuousClock.Instant?

    var error: ZooError? {
      if case .failure(let error) = result { error } else { nil }
    }
  }

  /// What `body` gives. Its runs end at `deadline`, and when the task is cancelled; so does the wait for a thread.
  static func call<Answer: Sendable>(
    until deadline: ContinuousClock.Instant?, _ body: @escaping @Sendable () throws -> Answer
  ) async -> Ended<Answer> {
    let call = WaitingCall<Answer>(RunControl(deadline: deadline))
    return await withTaskCancellationHandler {
      await withCheckedContinuation { call.start($0, body) }
    } onCancel: {
      call.cancel()
    }
  }
}

/// A call that waits for a thread, and then for its end.
private final class WaitingCall<Answer: Sendable>: Sendable {
  typealias Continuation = CheckedContinuation<OwnThread.Ended<Answer>, Never>

  private let control: RunControl
  /// Whom to tell, until the call begins, is cancelled or too late.
  private let waiting = Mutex<Continuation?>(nil)

  init(_ control: RunControl) { self.control = control }

  func start(_ continuation: Continuation, _ body: @escaping @Sendable () throws -> Answer) {
    waiting.withLock { $0 = continuation }
    CallThreads.shared.run(until: control.deadline, late: { [self] in end(RunControl.tooLate) }) { [self] in
      guard let continuation = take() else { return }
      let began = ContinuousClock.now
      let result = Result { () throws(ZooError) in
        do {
          return try RunControl.$current.withValue(control) {
            try control.check()
            return try body()
          }
        } catch { throw ZooError(error) }
      }
      continuation.resume(returning: OwnThread.Ended(result: result, began: began))
    }
    // The task was cancelled before there was somebody to tell.
    if control.isCancelled { cancel() }
  }

  /// Ends a call that has not begun at once; one that has ends itself.
  func cancel() {
    control.cancel()
    end(.cancelled)
  }

  private func end(_ error: ZooError) {
    take()?.resume(returning: OwnThread.Ended(result: .failure(error)))
  }

  private func take() -> Continuation? {
    waiting.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
  }
}

/// A call that ends when the last of its texts does, or the first fails.
private final class JointCall: Sendable {
  typealias Continuation = CheckedContinuation<OwnThread.Ended<[GeneratedText]>, Never>

  private struct State {
    /// Whom to tell, until it ended.
    var continuation: Continuation?
    var began: ContinuousClock.Instant?
    var texts: [GeneratedText?]
    var left: Int
  }

  let control: RunControl
  private let state: Mutex<State>

  init(_ count: Int, _ control: RunControl) {
    self.control = control
    state = Mutex(State(texts: Array(repeating: nil, count: count), left: count))
  }

  func start(_ continuation: Continuation, _ body: @escaping @Sendable (JointCall) -> Void) {
    state.withLock { $0.continuation = continuation }
    CallThreads.shared.run(until: control.deadline, late: { [self] in end(RunControl.tooLate) }) { [self] in
      state.withLock { $0.began = .now }
      body(self)
    }
    // The task was cancelled before there was somebody to tell.
    if control.isCancelled { cancel() }
  }

  /// One text has ended.
  func end(_ number: Int, _ result: Result<GeneratedText, any Error>) {
    switch result {
    case .failure(let error): end(ZooError(error))
    case .success(let text):
      state.withLock { state -> (Continuation?, OwnThread.Ended<[GeneratedText]>)? in
        state.texts[number] = text
        state.left -= 1
        guard state.left == 0 else { return nil }
        defer { state.continuation = nil }
        return (
          state.continuation, OwnThread.Ended(result: .success(state.texts.compactMap(\.self)), began: state.began)
        )
      }.map { $0?.resume(returning: $1) }
    }
  }

  /// The others are of no use then.
  private func end(_ error: ZooError) {
    control.cancel()
    let (continuation, began) = state.withLock { state in
      defer { state.continuation = nil }
      return (state.continuation, state.began)
    }
    continuation?.resume(returning: OwnThread.Ended(result: .failure(error), began: began))
  }

  func cancel() { end(.cancelled) }
}
