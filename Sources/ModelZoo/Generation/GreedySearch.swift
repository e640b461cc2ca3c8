/// Greedy search over the one row of a session, several tokens a step (Leviathan et al. 2023, "Fast Inference from
/// Transformers via Speculative Decoding", where what guesses is the network itself with rounded weights).
///
/// A step for one token takes the time of reading all weights. So a few tokens are guessed with weights of a quarter of
/// the size, and one step of the network computes what it would have chosen after each of them. Guesses that it would
/// have chosen too are kept, and then comes its own choice: the answer is that of a search without guesses.
struct GreedySearch {
  let endTokens: Set<Int>
  let guesses: Bool

  /// - Parameters, result: as `BeamSearch.run`, for one sentence.
  func run(
    _ session: GenerationSession, beginning: [Int], limit: Int, progress: GenerationProgress?
  ) throws -> [Int] {
    var result: [Int] = []
    var next = beginning
    var (guessed, right) = (0, 0)
    while result.count < limit {
      // Guesses of which more than half are wrong cost more than they save.
      let mayGuess = guesses && next.count == 1 && (guessed < 20 || 2 * right > guessed)
      let guesses =
        mayGuess
        ? try session.guess(
          after: next[0], count: min(GenerationSession.mostGuesses, limit - result.count - 1), endTokens: endTokens)
        : []
      guessed += guesses.count
      let logProbabilities = try guesses.isEmpty ? session.append([next]) : session.check(next + guesses)
      for place in 0...guesses.count {
        let start = place * session.vocabulary
        guard let token = bestToken(logProbabilities[start..<start + session.vocabulary]), !endTokens.contains(token)
        else { return result }
        result.append(token)
        guard try progress?(0, result[...]) ?? true else { return result }
        next = [token]
        guard place < guesses.count else { break }
        guard guesses[place] == token else {
          session.removeLast(guesses.count - place)
          break
        }
        right += 1
      }
    }
    return result
  }
}
