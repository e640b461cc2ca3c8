import Tokenizers
import ZooPlatform
import ZooRuntime

/// How probable a model that continues texts finds each token after those before it: for measuring it.
///
/// Not for more than one thread at a time.
package final class TokenScorer {
  /// The tokens of the text alone, and what the model's tokenizer puts before every text.
  package struct Text: Sendable {
    package var tokens: [Int]
    package var beginning: [Int]
  }

  private let session: GenerationSession
  private let tokenizer: Tokenizer
  private let capacity: Int

  package var vocabulary: Int { session.vocabulary }

  /// - Parameter capacity: The most tokens of a text.
  /// - Throws: `ZooError`: `usage` for a model that continues no texts, or not so long ones; `badData` for one without a
  ///   tokenizer.
  package init(_ model: Model, capacity: Int) throws {
    guard model.metadata.task == .textGeneration, let settings = model.metadata.generation else {
      throw ZooError(.usage, "the model continues no texts", at: model.metadata.location)
    }
    guard let source = model.metadata.tokenizerSource else {
      throw ZooError(.badData, "the model has no tokenizer", at: model.metadata.location)
    }
    guard capacity > 0, capacity <= settings.maximumLength else {
      throw ZooError(
        .usage, "the model takes texts of 1 to \(settings.maximumLength) tokens, not of \(capacity)",
        at: model.metadata.location)
    }
    tokenizer = try Tokenizer(source)
    let programs = try GenerationPrograms(
      model.definition, registry: model.registry, options: model.compiled.options, cacheType: model.cacheType)
    session = GenerationSession(programs, rows: 1, limit: settings.maximumLength)
    try session.reserve(capacity)
    self.capacity = capacity
  }

  /// The tokens of `text`, in which names of special tokens are text like any other.
  ///
  /// - Throws: `ZooError` (`badData`) for a text that the tokenizer can't take, or whose tokens the network lacks.
  package func tokens(of text: String) throws -> Text {
    let (whole, part) = (try tokenizer.encode("a"), try tokenizer.encode("a", addingSpecialTokens: false))
    let place = whole.indices.first { whole[$0...].starts(with: part) } ?? 0
    let found = try tokenizer.encode(text, addingSpecialTokens: false, parsingSpecialTokens: false).map(Int.init)
    let result = Text(tokens: found, beginning: whole[..<place].map(Int.init))
    if let strange = (result.tokens + result.beginning).first(where: { !(0..<vocabulary).contains($0) }) {
      throw ZooError(.badData, "the tokenizer gives token \(strange), which the network does not have")
    }
    return result
  }

  /// Forgets all tokens.
  package func restart() { session.removeLast(session.tokens.count) }

  /// Appends `tokens` without looking at what follows them.
  package func append(_ tokens: some Collection<Int>) throws {
    guard !tokens.isEmpty else { return }
    _ = try session.append([taken(tokens)])
  }

  /// Appends `tokens` and computes the logarithms of the probabilities of what comes after each of them: `vocabulary`
  /// numbers a token, which the next call overwrites.
  package func logProbabilities(after tokens: some Collection<Int>) throws -> UnsafeBufferPointer<Float> {
    _ = try session.logits(afterEachOf: taken(tokens))
    return try session.logProbabilities()
  }

  private func taken(_ tokens: some Collection<Int>) throws -> [Int] {
    guard session.tokens.count + tokens.count <= capacity else {
      throw ZooError(.defect, "a text is longer than \(capacity) tokens")
    }
    return Array(tokens)
  }
}
