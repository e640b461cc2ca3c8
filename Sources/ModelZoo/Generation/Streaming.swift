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
    try textGenerator().predict(inputs, options: options).map { .text($0) }
  }

  /// Generates text about `input`, telling `piece` what is new as it comes, on the caller's thread. All pieces together are
  /// what `predict` gives. `piece` ends it by giving false.
  ///
  /// - Throws: as `predict(_:generation:)`, and what `piece` throws.
  package func stream(
    _ input: Input, generation options: GenerationOptions, piece: @escaping (String) throws -> Bool
  ) throws {
    var pieces = TextPieces()
    var wantsMore = true
    let answers = try textGenerator().predict([input], options: options) { _, answer in
      if let new = pieces.next(answer, isComplete: false) { wantsMore = try piece(new) }
      return wantsMore
    }
    if wantsMore, let answer = answers.first, let last = pieces.next(answer, isComplete: true) { _ = try piece(last) }
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
      let control = RunControl(deadline: deadline)
      let asked = ContinuousClock.now
      continuation.onTermination = { _ in control.cancel() }
      // A call that is too late still gets its thread, where it ends and is reported.
      let late = { @Sendable in continuation.finish(throwing: RunControl.tooLate) }
      CallThreads.shared.run(until: deadline, late: late) {
        let began = ContinuousClock.now
        var failure: ZooError?
        do {
          try RunControl.$current.withValue(control) {
            try control.check()
            try self.stream(input, generation: options) { piece in
              continuation.yield(piece)
              return true
            }
          }
        } catch { failure = ZooError(error) }
        self.report(.stream, inputCount: 1, asked: asked, began: began, failure)
        continuation.finish(throwing: failure)
      }
    }
  }
}

/// A text that grows, in pieces that never have to be taken back.
struct TextPieces {
  private var given: [UInt8] = []

  /// What is new in `text`; `nil` where there is nothing yet. A character whose last bytes are still to come stands in
  /// `text` as U+FFFD at the end, and waits.
  mutating func next(_ text: String, isComplete: Bool) -> String? {
    var scalars = text.unicodeScalars[...]
    if !isComplete {
      while scalars.last == "\u{FFFD}" { scalars.removeLast() }
    }
    let bytes = Array(String(scalars).utf8)
    guard bytes.count > given.count, bytes.starts(with: given) else { return nil }
    let piece = String(decoding: bytes[given.count...], as: UTF8.self)
    given = bytes
    return piece
  }
}
