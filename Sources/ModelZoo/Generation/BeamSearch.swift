#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Is told a sentence's number and its first tokens, as far as they can't change any more.
typealias GenerationProgress = (_ sentence: Int, _ tokens: ArraySlice<Int>) throws -> GenerationStep

/// How a search goes on.
enum GenerationStep {
  case goOn
  /// The sentence that was told of ends with what is certain of it.
  case endText
  case endAll
}

/// Beam search over the rows of a session; with one beam it is greedy search.
///
/// In each step the 2 · beams best continuations of a sentence are looked at, best first: an end token among the first
/// `beams` of them finishes a hypothesis, other tokens become the new beams until there are enough. A sentence is done
/// when `beams` hypotheses are finished, or at its limit, where those that are alive count as finished. The best has the
/// highest sum of log probabilities / ((5 + length) / 6)^α (Wu et al. 2016, equation 14), its end counted in the length.
struct BeamSearch {
  let beams: Int
  let lengthPenalty: Double
  let endTokens: Set<Int>

  /// One sentence.
  private struct Sentence {
    var index: Int
    var limit: Int
    var alive: [[Int]] = []
    var scores: [Float]
    var finished: [(score: Double, tokens: [Int])] = []
    var isDone = false

    /// The best of those that are finished; of equals, the first.
    var best: [Int] {
      var best: (score: Double, tokens: [Int])?
      for hypothesis in finished where best.map({ hypothesis.score > $0.score }) ?? true { best = hypothesis }
      return best?.tokens ?? []
    }

    /// What every hypothesis that can still win begins with. One that goes on only becomes less probable, so that it can't
    /// win any more where its probability under the penalty of the longest text is below that of a finished one.
    ///
    /// - Parameter penalty: That of the longest text.
    func settled(penalty: Double) -> ArraySlice<Int> {
      var rivals: [[Int]] = []
      let most = finished.map(\.score).max()
      if most != nil { rivals.append(best) }
      for (tokens, score) in zip(alive, scores) {
        // Log probabilities are rounded.
        if let most, (Double(score) + 1e-3) / penalty < most { continue }
        rivals.append(tokens)
      }
      guard var common = rivals.first?[...] else { return [] }
      for rival in rivals.dropFirst() {
        let length = zip(common, rival).prefix { $0 == $1 }.count
        common = common.prefix(length)
      }
      return common
    }
  }

  /// The tokens generated for each sentence of `session`, which has `beams` rows for each, without the end token.
  ///
  /// - Parameters:
  ///   - beginning: What every row begins with, for each sentence.
  ///   - limits: The most tokens for each sentence, its end counted.
  ///   - progress: `nil` where nobody wants to know.
  func run(
    _ session: GenerationSession, beginning: [[Int]], limits: [Int],
    progress: GenerationProgress?
  ) throws -> [[Int]] {
    var results = [[Int]](repeating: [], count: limits.count)
    var sentences = limits.indices.filter { limits[$0] > 0 }.map { index in
      Sentence(
        index: index, limit: limits[index], alive: Array(repeating: [], count: beams),
        scores: [0] + Array(repeating: -.infinity, count: beams - 1))
    }
    if sentences.count < limits.count {
      try session.reorder(sentences.flatMap { sentence in (0..<beams).map { sentence.index * beams + $0 } })
    }
    var next = sentences.flatMap { Array(repeating: beginning[$0.index], count: beams) }
    var length = 0
    while !sentences.isEmpty {
      length += 1
      _ = try session.append(next)
      let logProbabilities = try session.logProbabilities()
      var parents = Array(0..<next.count)
      let filler = endTokens.first ?? 0
      next = Array(repeating: [filler], count: next.count)
      for place in sentences.indices where !sentences[place].isDone {
        let kept = advance(
          &sentences[place], length: length, firstRow: place * beams, logProbabilities, session.vocabulary)
        for (slot, candidate) in kept.enumerated() {
          parents[place * beams + slot] = place * beams + candidate.row
          next[place * beams + slot] = [candidate.token]
        }
        if sentences[place].isDone { results[sentences[place].index] = sentences[place].best }
        if let progress {
          let sentence = sentences[place]
          let settled =
            sentence.isDone ? sentence.best[...] : sentence.settled(penalty: penalty(ofLength: sentence.limit))
          switch try progress(sentence.index, settled) {
          case .goOn: break
          case .endText:
            sentences[place].isDone = true
            results[sentence.index] = Array(settled)
          case .endAll: return results
          }
        }
      }
      // Rows that are done are dropped when they are half of all, so that few shapes occur.
      let open = sentences.indices.filter { !sentences[$0].isDone }
      if open.isEmpty { break }
      if open.count * 2 <= sentences.count {
        let rows = open.flatMap { place in (0..<beams).map { place * beams + $0 } }
        parents = rows.map { parents[$0] }
        next = rows.map { next[$0] }
        sentences = open.map { sentences[$0] }
      }
      try session.reorder(parents)
    }
    return results
  }

  private func penalty(ofLength length: Int) -> Double { pow((5 + Double(length)) / 6, lengthPenalty) }

  /// One step of one sentence.
  ///
  /// - Returns: what the beams go on with; rows are counted within the sentence.
  private func advance(
    _ sentence: inout Sentence, length: Int, firstRow: Int, _ logProbabilities: UnsafeBufferPointer<Float>,
    _ vocabulary: Int
  ) -> [Candidate] {
    var best = BestCandidates(2 * beams)
    for beam in 0..<beams {
      let start = (firstRow + beam) * vocabulary
      best.add(
        row: beam, score: sentence.scores[beam],
        UnsafeBufferPointer(rebasing: logProbabilities[start..<start + vocabulary]))
    }
    let penalty = penalty(ofLength: length)
    var kept: [Candidate] = []
    for (rank, candidate) in best.candidates.enumerated() {
      if kept.count == beams { break }
      if !endTokens.contains(candidate.token) {
        kept.append(candidate)
      } else if rank < beams {
        sentence.finished.append((Double(candidate.score) / penalty, sentence.alive[candidate.row]))
      }
    }
    let grown = kept.map { sentence.alive[$0.row] + [$0.token] }
    if length == sentence.limit {
      for (candidate, tokens) in zip(kept, grown) {
        sentence.finished.append((Double(candidate.score) / penalty, tokens))
      }
    }
    sentence.alive = grown
    sentence.scores = kept.map(\.score) + Array(repeating: -.infinity, count: beams - kept.count)
    // Without a number that can be added to (all are NaN), nothing is left to go on with.
    sentence.isDone = sentence.finished.count >= beams || length >= sentence.limit || kept.isEmpty
    return kept
  }
}
