/// Greedy search over the one row of a session, several tokens a step (Leviathan et al. 2023, "Fast Inference from
/// Transformers via Speculative Decoding", where what guesses is the network itself with rounded weights).
///
/// A step for one token takes the time of reading all weights. So a few tokens are guessed with weights of a quarter of
/// the size, and one step of the network computes what it would have chosen after each of them. Guesses that it would
/// have chosen too are kept, and then comes its own choice: the answer is that of a search without guesses.
struct GreedySearch {
  let endTokens: Set<Int>
  let guesses: Bool
  private var record = GuessRecord()

  init(endTokens: Set<Int>, guesses: Bool) { (self.endTokens, self.guesses) = (endTokens, guesses) }

  /// One step: what comes after `tokens`, which the session does not know yet; all of it but the last token it knows then.
  ///
  /// - Parameter limit: The most tokens that are wanted.
  mutating func next(_ session: GenerationSession, after tokens: [Int], limit: Int) throws -> [Int] {
    let guesses =
      guesses && tokens.count == 1 && record.isGood
      ? try session.guess(
        after: tokens[0], count: min(GenerationSession.mostGuesses, limit - 1), endTokens: endTokens,
        doubtful: record.doubtful) : []
    let chosen =
      guesses.isEmpty
      ? try session.choose(after: [tokens]) : try session.choose(afterEachOf: tokens + guesses.map(\.token))
    let right = zip(guesses, chosen).prefix { $0.token == $1 }.count
    record.note(guesses, right: right)
    session.removeLast(guesses.count - right)
    return Array(chosen[...right])
  }

  /// - Parameters, result: as `BeamSearch.run`, for one sentence.
  mutating func run(
    _ session: GenerationSession, beginning: [Int], limit: Int, progress: GenerationProgress?
  ) throws -> [Int] {
    var result: [Int] = []
    var last = beginning
    while result.count < limit {
      let chosen = try next(session, after: last, limit: limit - result.count)
      for token in chosen {
        guard !endTokens.contains(token) else { return result }
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

  mutating func note(_ guesses: [GenerationSession.Guess], right: Int) {
    guessed += guesses.count
    self.right += right
    if right < guesses.count { doubtful = max(doubtful, guesses[right].margin) }
  }
}
