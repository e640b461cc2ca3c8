import ZooSystem

extension Model {
  /// The model's answers about `inputs`, which are texts, in their order, generated as `options` say.
  ///
  /// - Throws: `ZooError`: as `predict(_:)`; `usage` also for options that make no sense, and for a model that does not
  ///   generate text.
  public func predict(
    _ inputs: [Input], generation options: GenerationOptions, deadline: ContinuousClock.Instant? = nil
  ) throws(ZooError) -> [Prediction] {
    try reported(.predict, inputCount: inputs.count, until: deadline) { try answers(inputs, options) }
  }

  func answers(_ inputs: [Input], _ options: GenerationOptions) throws -> [Prediction] {
    try textGenerator().answers(to: inputs, options: options).map { .text($0.text) }
  }

  /// The texts that the model generates about `inputs`, texts or conversations, in their order, with how each ended.
  ///
  /// - Throws: `ZooError`: as `predict(_:generation:)`.
  public func generate(
    _ inputs: [Input], options: GenerationOptions = GenerationOptions(), deadline: ContinuousClock.Instant? = nil
  ) throws(ZooError) -> [GeneratedText] {
    try reported(.predict, inputCount: inputs.count, until: deadline) {
      try textGenerator().answers(to: inputs, options: options)
    }
  }

  /// Generates text about `input`, telling `piece` what is new as it comes, on the caller's thread. All pieces together are
  /// what `predict` gives. `piece` ends it by giving false.
  ///
  /// - Returns: What was generated.
  /// - Throws: as `predict(_:generation:)`, and what `piece` throws.
  @discardableResult
  package func stream(
    _ input: Input, generation options: GenerationOptions, piece: (String) throws -> Bool
  ) throws -> GeneratedText {
    let answers = try withoutActuallyEscaping(piece) { piece in
      try textGenerator().answers(to: [input], options: options) { try piece($1) }
    }
    guard answers.count == 1 else { throw ZooError(.defect, "one input gave \(answers.count) answers") }
    return answers[0]
  }

  /// The answer of a model that generates text, piece by piece as it comes. All pieces together are what `predict`
  /// gives.
  ///
  /// ```swift
  /// for try await piece in model.stream(.text("A man is walking his dog.")) { print(piece, terminator: "") }
  /// ```
  ///
  /// With several beams, as translators have them by default, a piece comes when all hypotheses that can still win agree on
  /// it, which in short texts they may do at the end only: they differ in their first words. `GenerationOptions(beams: 1)`
  /// gives each token as it comes. Who ends the loop, or cancels the task that waits for the next piece, ends the work too.
  /// Errors are those of `predict(_:generation:)`.
  public func stream(
    _ input: Input, generation options: GenerationOptions = GenerationOptions(),
    deadline: ContinuousClock.Instant? = nil
  ) -> AsyncThrowingStream<String, any Error> {
    AsyncThrowingStream { continuation in
      stream(input, options, deadline, to: continuation) { event in
        if case .piece(let piece) = event { piece } else { nil }
      }
    }
  }

  /// The same as `stream`, and in the end the whole text with how it ended.
  public func events(
    _ input: Input, generation options: GenerationOptions = GenerationOptions(),
    deadline: ContinuousClock.Instant? = nil
  ) -> AsyncThrowingStream<GenerationEvent, any Error> {
    AsyncThrowingStream { continuation in stream(input, options, deadline, to: continuation) { $0 } }
  }

  private func stream<Element: Sendable>(
    _ input: Input, _ options: GenerationOptions, _ deadline: ContinuousClock.Instant?,
    to continuation: AsyncThrowingStream<Element, any Error>.Continuation,
    _ element: @escaping @Sendable (GenerationEvent) -> Element?
  ) {
    let control = RunControl(deadline: deadline)
    let asked = ContinuousClock.now
    continuation.onTermination = { _ in control.cancel() }
    // A call that is too late still gets its thread, where it ends and is reported.
    let late = { @Sendable in continuation.finish(throwing: RunControl.tooLate) }
    CallThreads.shared.run(until: deadline, late: late) {
      let began = ContinuousClock.now
      self.answer([input], options, control) { _, piece in
        if let element = element(.piece(piece)) { continuation.yield(element) }
      } done: { _, result in
        var failure: ZooError?
        switch result {
        case .success(let text): if let element = element(.end(text)) { continuation.yield(element) }
        case .failure(let error): failure = ZooError(error)
        }
        self.report(.stream, inputCount: 1, asked: asked, began: began, failure)
        continuation.finish(throwing: failure)
      }
    }
  }

  /// The answers about `inputs`, beside others' where that can be: then `piece` and `done` are called on another thread.
  /// What is wrong with any is told of the first.
  func answer(
    _ inputs: [Input], _ options: GenerationOptions, _ control: RunControl,
    piece: @escaping (Int, String) -> Void = { _, _ in },
    done: @escaping (Int, Result<GeneratedText, any Error>) -> Void
  ) {
    do {
      try RunControl.$current.withValue(control) {
        try control.check()
        try textGenerator().answer(inputs, options: options, control: control, piece: piece, done: done)
      }
    } catch { done(0, .failure(error)) }
  }
}
