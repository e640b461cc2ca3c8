/// Times a model that continues texts: prompts, and tokens one after the other behind them.
///
/// Not for more than one thread at a time.
package final class GenerationTrial {
  /// How long one trial took.
  package struct Times: Sendable {
    /// Until the first token behind each prompt was known.
    package var prompt: Duration
    /// From then on, for the tokens behind these, so many of all texts together.
    package var generation: Duration
    package var generatedCount: Int
  }

  private let programs: GenerationPrograms
  private let prompts: [[Int]]
  private let count: Int

  /// - Parameters:
  ///   - promptLength: Tokens of the prompt, which are drawn evenly from the vocabulary.
  ///   - count: Tokens that are generated behind the first; the text's end counts as any other.
  ///   - streams: Texts that grow together, 1 or more.
  /// - Throws: `ZooError`: `usage` for a model that continues no texts, or not so long ones.
  package init(_ model: Model, promptLength: Int, count: Int, streams: Int = 1) throws {
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
    programs = try GenerationPrograms(
      model.definition, registry: model.registry, options: model.compiled.options, cacheType: model.cacheType)
    self.count = count
    let vocabulary = UInt64(programs.graphs.vocabulary)
    var state: UInt64 = 1
    prompts = (0..<streams).map { _ in
      (0..<promptLength).map { _ in
        // Knuth's MMIX generator, the high bits.
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % vocabulary)
      }
    }
  }

  package func run() throws -> Times {
    let clock = ContinuousClock()
    let start = clock.now
    let length = (prompts.first?.count ?? 0) + count + 1
    let batch = StreamBatch(programs, kept: KeptSessions(limit: 0), positionCount: length, mostBytes: .max)
    var (began, first, left): (Int, ContinuousClock.Instant?, Int) = (0, nil, prompts.count * (count + 1))
    var (atFirst, failure): (Int, (any Error)?) = (0, nil)
    for prompt in prompts {
      batch.add(
        TextStream(
          TextStream.Request(
            beginning: prompt, limit: count + 1, endTokens: [], reusesPrompt: false,
            progress: { tokens in
              left -= 1
              if tokens.count == 1 { began += 1 }
              if began == self.prompts.count, first == nil { (first, atFirst) = (clock.now, left) }
              return .goOn
            }, done: { if case .failure(let error) = $0 { failure = error } })))
    }
    while !batch.isEmpty { batch.turn() }
    if let failure { throw failure }
    let end = clock.now
    return Times(prompt: (first ?? end) - start, generation: end - (first ?? end), generatedCount: atFirst)
  }
}
