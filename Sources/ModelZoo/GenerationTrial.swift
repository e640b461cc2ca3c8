/// Times a model that continues texts: a prompt, and tokens one after the other behind it.
///
/// Not for more than one thread at a time.
package final class GenerationTrial {
  /// How long one trial took.
  package struct Times: Sendable {
    /// Until the first token behind the prompt was known.
    package var prompt: Duration
    /// From then on, for the tokens behind it.
    package var generation: Duration
  }

  private let programs: GenerationPrograms
  private let prompt: [Int]
  private let count: Int

  /// - Parameters:
  ///   - promptLength: Tokens of the prompt, which are drawn evenly from the vocabulary.
  ///   - count: Tokens that are generated behind the first; the text's end counts as any other.
  /// - Throws: `ZooError`: `usage` for a model that continues no texts, or not so long ones.
  package init(_ model: Model, promptLength: Int, count: Int) throws {
    guard model.metadata.task == .textGeneration, let settings = model.metadata.generation else {
      throw ZooError(.usage, "the model continues no texts", at: model.metadata.location)
    }
    guard promptLength > 0, count > 0, promptLength <= settings.maximumLength,
      count < settings.maximumLength - promptLength
    else {
      throw ZooError(
        .usage, "the model takes texts of at most \(settings.maximumLength) tokens, not of \(promptLength) + \(count)",
        at: model.metadata.location)
    }
    programs = try GenerationPrograms(model.definition, registry: model.registry, options: model.compiled.options)
    self.count = count
    let vocabulary = UInt64(programs.graphs.vocabulary)
    var state: UInt64 = 1
    prompt = (0..<promptLength).map { _ in
      // Knuth's MMIX generator, the high bits.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % vocabulary)
    }
  }

  package func run() throws -> Times {
    let clock = ContinuousClock()
    let start = clock.now
    let session = GenerationSession(programs, rows: 1, limit: prompt.count + count + 1)
    var first: ContinuousClock.Instant?
    let search = GreedySearch(endTokens: [], guesses: true)
    _ = try search.run(session, beginning: prompt, limit: count + 1) { _, _ in
      first = first ?? clock.now
      return .goOn
    }
    let end = clock.now
    return Times(prompt: (first ?? end) - start, generation: end - (first ?? end))
  }
}
