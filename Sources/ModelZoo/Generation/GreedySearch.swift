/// Steps of the one row of a session by several tokens at once (Leviathan et al. 2023, "Fast Inference from Transformers via
/// Speculative Decoding").
///
/// A step for one token takes the time of reading all weights. So a few tokens are guessed by something that reads less, the
/// network itself with rounded weights or a smaller model, and one step of the network computes what comes after each of
/// them. Guesses that are what is chosen then are kept, and the first other choice in place of a wrong one: the answer
/// is that of steps without guesses.
struct GuessedSteps {
  let endTokens: Set<Int>
  /// Whether the network guesses for itself.
  let guesses: Bool
  /// What guesses in its place.
  let draft: DraftText?
  private var record = GuessRecord()

  init(endTokens: Set<Int>, guesses: Bool, draft: DraftText? = nil) {
    (self.endTokens, self.guesses, self.draft) = (endTokens, guesses, draft)
  }

  /// What may come after `tokens`, which the session does not know yet.
  ///
  /// - Parameter limit: The most tokens that are wanted.
  func guess(_ session: GenerationSession, after tokens: [Int], limit: Int) throws -> [Guess] {
    guard guesses || draft != nil, tokens.count == 1, record.isGood else { return [] }
    let count = min(GenerationSession.mostGuesses, limit - 1)
    guard let draft else {
      return try session.guess(after: tokens[0], count: count, endTokens: endTokens, doubtful: record.doubtful)
    }
    return try draft.guess(
      after: session.tokens + tokens, count: count, vocabulary: session.vocabulary, endTokens: endTokens,
      doubtful: record.doubtful)
  }

  /// One step by the most probable tokens: what comes after `tokens`, which the session does not know yet; all of it but the
  /// last token it knows then.
  ///
  /// - Parameter limit: The most tokens that are wanted.
  mutating func next(_ session: GenerationSession, after tokens: [Int], limit: Int) throws -> [Int] {
    let guesses = try guess(session, after: tokens, limit: limit)
    let chosen =
      guesses.isEmpty
      ? try session.choose(after: [tokens]) : try session.choose(afterEachOf: tokens + guesses.map(\.token))
    return Array(chosen[...settle(session, guesses, chosen: chosen)])
  }

  /// Takes back those of `guesses` that are not what was `chosen` in their places, and what follows such.
  ///
  /// - Returns: How many stay.
  @discardableResult
  mutating func settle(_ session: GenerationSession, _ guesses: [Guess], chosen: [Int]) -> Int {
    let right = zip(guesses, chosen).prefix { $0.token == $1 }.count
    record.note(guesses, right: right)
    session.removeLast(guesses.count - right)
    return right
  }
}

/// Greedy search over the one row of a session.
struct GreedySearch {
  private var steps: GuessedSteps

  init(endTokens: Set<Int>, guesses: Bool) { steps = GuessedSteps(endTokens: endTokens, guesses: guesses) }

  /// - Parameters, result: as `BeamSearch.run`, for one sentence.
  mutating func run(
    _ session: GenerationSession, beginning: [Int], limit: Int, progress: GenerationProgress?
  ) throws -> [Int] {
    var result: [Int] = []
    var last = beginning
    while result.count < limit {
      let chosen = try steps.next(session, after: last, limit: limit - result.count)
      for token in chosen {
        guard !steps.endTokens.contains(token) else { return result }
        result.append(token)
        guard try progress?(0, result[...]) ?? .goOn == .goOn else { return result }
      }
      last = Array(chosen.suffix(1))
    }
    return result
  }
}

/// How well guesses did so far.
private struct GuessRecord {
  private var guessed = 0
  private var right = 0
  /// The greatest margin of a wrong guess. What follows one that is no surer is not worth guessing.
  private(set) var doubtful: Float = 0

  /// Guesses of which more than half are wrong cost more than they save.
  var isGood: Bool { guessed < 20 || 2 * right > guessed }

  mutating func note(_ guesses: [Guess], right: Int) {
    guessed += guesses.count
    self.right += right
    if right < guesses.count { doubtful = max(doubtful, guesses[right].margin) }
  }
}
