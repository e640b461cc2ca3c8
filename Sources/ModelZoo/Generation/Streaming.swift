import Dispatch
import Synchronization

extension Model {
  /// The model's answers about `inputs`, which are texts, in their order, generated as `options` say.
  ///
  /// - Throws: `ZooError`: as `predict(_:)`; `usage` also for options that make no sense, and for a model that does not
  ///   generate text.
  public func predict(_ inputs: [Input], generation options: GenerationOptions) throws -> [Prediction] {
    try textGenerator().predict(inputs, options: options).map { .text($0) }
  }

  /// The answer of a model that generates text, piece by piece as it comes. All pieces together are what `predict`
  /// gives.
  ///
  /// ```swift
  /// for try await piece in model.stream(.text("A man is walking his dog.")) { print(piece, terminator: "") }
  /// ```
  ///
  /// With several beams a piece comes when all hypotheses that can still win agree on it. Who ends the loop, or cancels
  /// the task that waits for the next piece, ends the work too. Errors are those of `predict(_:generation:)`.
  public func stream(
    _ input: Input, generation options: GenerationOptions = GenerationOptions()
  ) -> AsyncThrowingStream<String, any Error> {
    AsyncThrowingStream { continuation in
      let isCancelled = Flag()
      continuation.onTermination = { _ in isCancelled.set() }
      // The work fills a thread for seconds, which those of Swift's tasks are not for.
      DispatchQueue.global().async {
        do {
          var pieces = TextPieces()
          let answers = try self.textGenerator().predict([input], options: options) { _, answer in
            if let piece = pieces.next(answer, isComplete: false) { continuation.yield(piece) }
            return !isCancelled.isSet
          }
          if !isCancelled.isSet, let answer = answers.first, let piece = pieces.next(answer, isComplete: true) {
            continuation.yield(piece)
          }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
    }
  }
}

private final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
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
