#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Draws tokens by their probabilities: temperature first, then the most probable `topK`, then the most probable that
/// have `topP` together (Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration").
struct Sampler {
  let temperature: Float
  let topK: Int?
  let topP: Float?
  private var generator: NormalGenerator
  /// Up to so many tokens are found faster without sorting all.
  private static let fewTokens = 512

  /// - Parameter row: Texts of one call draw different numbers, each the same whatever the others are.
  init(temperature: Float, topK: Int?, topP: Float?, seed: UInt64, row: Int) {
    (self.temperature, self.topK, self.topP) = (temperature, topK, topP)
    var seeds = NormalGenerator(seed: seed &+ UInt64(row) &* 0xD1B5_4A32_D192_ED03)
    generator = NormalGenerator(seed: seeds.bits())
  }

  mutating func next(_ logProbabilities: UnsafeBufferPointer<Float>) -> Int {
    let (candidates, total) = drawable(logProbabilities)
    guard let best = candidates.first else { return 0 }
    var kept = candidates.count
    var sum = total
    if let topP {
      (kept, sum) = (0, 0)
      while kept < candidates.count, kept == 0 || sum < Double(topP) * total {
        sum += weight(candidates[kept].score, best: best.score)
        kept += 1
      }
    }
    var left = generator.uniform() * sum
    for candidate in candidates.prefix(kept) {
      left -= weight(candidate.score, best: best.score)
      if left < 0 { return candidate.token }
    }
    return candidates[kept - 1].token
  }

  private func weight(_ score: Float, best: Float) -> Double { exp(Double(score - best) / Double(temperature)) }

  /// The tokens that may be drawn, the most probable first where that matters, and the sum of their weights.
  private func drawable(_ logProbabilities: UnsafeBufferPointer<Float>) -> ([Candidate], Double) {
    func best(_ count: Int) -> [Candidate] {
      var best = BestCandidates(min(count, logProbabilities.count))
      best.add(row: 0, score: 0, logProbabilities)
      return best.candidates
    }
    func sum(_ candidates: [Candidate]) -> Double {
      guard let top = candidates.first?.score else { return 0 }
      return candidates.reduce(0) { $0 + weight($1.score, best: top) }
    }
    if let topK {
      let chosen = topK <= Self.fewTokens ? best(topK) : Array(sorted(logProbabilities).prefix(topK))
      return (chosen, sum(chosen))
    }
    guard let topP else {
      // The order does not matter, but the first has to be the best.
      var all = logProbabilities.indices.map { Candidate(score: logProbabilities[$0], row: 0, token: $0) }
      if let top = all.indices.max(by: { all[$0].score < all[$1].score }) { all.swapAt(0, top) }
      return (all, sum(all))
    }
    // Few tokens hold most of the probability; more are sorted only if these don't.
    guard let top = best(1).first?.score else { return ([], 0) }
    let total = logProbabilities.reduce(0.0) { $0 + weight($1, best: top) }
    for count in [64, Self.fewTokens] {
      let chosen = best(count)
      if sum(chosen) >= Double(topP) * total { return (chosen, total) }
    }
    return (sorted(logProbabilities), total)
  }

  private func sorted(_ logProbabilities: UnsafeBufferPointer<Float>) -> [Candidate] {
    logProbabilities.indices.map { Candidate(score: logProbabilities[$0], row: 0, token: $0) }
      .sorted { ($1.score, $0.token) < ($0.score, $1.token) }
  }
}

/// Draws one text for each row of a session.
struct SampledSearch {
  let endTokens: Set<Int>
  let sampler: (_ row: Int) -> Sampler

  /// - Parameters, result: as `BeamSearch.run`.
  func run(
    _ session: GenerationSession, beginning: [[Int]], limits: [Int],
    progress: GenerationProgress?
  ) throws -> [[Int]] {
    var results = [[Int]](repeating: [], count: limits.count)
    var open = limits.indices.filter { limits[$0] > 0 }
    if open.count < limits.count { try session.reorder(open) }
    var samplers = limits.indices.map(sampler)
    var next = open.map { beginning[$0] }
    while !open.isEmpty {
      let logProbabilities = try session.append(next)
      var kept: [Int] = []
      next = []
      for (row, sentence) in open.enumerated() {
        let start = row * session.vocabulary
        let token = samplers[sentence].next(
          UnsafeBufferPointer(rebasing: logProbabilities[start..<start + session.vocabulary]))
        guard !endTokens.contains(token) else { continue }
        results[sentence].append(token)
        guard try progress?(sentence, results[sentence][...]) ?? true else { return results }
        guard results[sentence].count < limits[sentence] else { continue }
        kept.append(row)
        next.append([token])
      }
      if kept.count < open.count, !kept.isEmpty { try session.reorder(kept) }
      open = kept.map { open[$0] }
    }
    return results
  }
}
