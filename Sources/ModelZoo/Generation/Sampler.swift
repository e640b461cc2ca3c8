#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Draws tokens by their probabilities, in the order of Hugging Face's transformers: temperature, the most probable `topK`,
/// the most probable that have `topP` together (Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration"), those at
/// least `minP` times as probable as the best, and the most typical that have `typicalP` together (Meister et al. 2023).
struct Sampler {
  let temperature: Float
  let topK: Int?
  let topP: Float?
  let minP: Float?
  let typicalP: Float?
  private var generator: NormalGenerator
  /// Up to so many tokens are found faster without sorting all.
  private static let fewTokens = 512

  /// - Parameter row: Texts of one call draw different numbers, each the same whatever the others are.
  init(
    temperature: Float, topK: Int? = nil, topP: Float? = nil, minP: Float? = nil, typicalP: Float? = nil, seed: UInt64,
    row: Int
  ) {
    (self.temperature, self.topK, self.topP, self.minP) = (temperature, topK, topP, minP)
    self.typicalP = typicalP.flatMap { $0 < 1 ? $0 : nil }
    var seeds = NormalGenerator(seed: seed &+ UInt64(row) &* 0xD1B5_4A32_D192_ED03)
    generator = NormalGenerator(seed: seeds.bits())
  }

  init(_ settings: GenerationSettings, seed: UInt64, row: Int) {
    self.init(
      temperature: settings.temperature, topK: settings.topK, topP: settings.topP, minP: settings.minP,
      typicalP: settings.typicalP, seed: seed, row: row)
  }

  /// - Parameter scores: Logits, or logarithms of probabilities.
  mutating func next(_ scores: UnsafeBufferPointer<Float>) -> Int {
    let (candidates, total) = drawable(scores)
    guard let best = candidates.first else { return 0 }
    var kept = candidates[...]
    var sum = total
    if let topP {
      var count = 0
      sum = 0
      while count < candidates.count, count == 0 || sum < Double(topP) * total {
        sum += weight(candidates[count].score, best: best.score)
        count += 1
      }
      kept = candidates[..<count]
    }
    if let minP {
      kept = kept.filter { weight($0.score, best: best.score) >= Double(minP) }[...]
      sum = kept.reduce(0) { $0 + weight($1.score, best: best.score) }
    }
    if let typicalP { (kept, sum) = typical(kept, sum, typicalP, best: best.score) }
    var left = generator.uniform() * sum
    for candidate in kept {
      left -= weight(candidate.score, best: best.score)
      if left < 0 { return candidate.token }
    }
    return kept.last?.token ?? best.token
  }

  private func weight(_ score: Float, best: Float) -> Double { exp(Double(score - best) / Double(temperature)) }

  /// Those whose information is nearest to the mean, until they have the probability `share`, and the sum of their weights.
  private func typical(
    _ candidates: ArraySlice<Candidate>, _ sum: Double, _ share: Float, best: Float
  ) -> (ArraySlice<Candidate>, Double) {
    let weights = candidates.map { weight($0.score, best: best) }
    // Of no information, as is what is impossible.
    func information(_ weight: Double) -> Double { weight > 0 ? -log(weight / sum) : 0 }
    let mean = weights.reduce(0) { $0 + $1 / sum * information($1) }
    let order = weights.indices.filter { weights[$0] > 0 }.map { ($0, abs(information(weights[$0]) - mean)) }
      .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
    var kept: [Candidate] = []
    var found = 0.0
    for (place, _) in order where kept.isEmpty || found < Double(share) * sum {
      kept.append(candidates[candidates.startIndex + place])
      found += weights[place]
    }
    return (kept[...], found)
  }

  /// The tokens that may be drawn, the most probable first where that matters, and the sum of their weights.
  private func drawable(_ scores: UnsafeBufferPointer<Float>) -> ([Candidate], Double) {
    func best(_ count: Int) -> [Candidate] {
      var best = BestCandidates(min(count, scores.count))
      best.add(row: 0, score: 0, scores)
      return best.candidates
    }
    func sum(_ candidates: [Candidate]) -> Double {
      guard let top = candidates.first?.score else { return 0 }
      return candidates.reduce(0) { $0 + weight($1.score, best: top) }
    }
    if let topK {
      let chosen = topK <= Self.fewTokens ? best(topK) : Array(sorted(scores).prefix(topK))
      return (chosen, sum(chosen))
    }
    guard let topP else {
      // The order does not matter, but the first has to be the best.
      let top = scores.max() ?? 0
      let least = minP.map { top + temperature * log($0) - 1e-3 } ?? -.infinity
      var all = Array(
        scores.indices.lazy.filter { scores[$0] > -.infinity && scores[$0] >= least }
          .map { Candidate(score: scores[$0], row: 0, token: $0) })
      if let top = all.indices.max(by: { all[$0].score < all[$1].score }) { all.swapAt(0, top) }
      return (all, sum(all))
    }
    // Few tokens hold most of the probability; more are sorted only if these don't.
    guard let top = best(1).first?.score else { return ([], 0) }
    let total = scores.reduce(0.0) { $0 + weight($1, best: top) }
    for count in [64, Self.fewTokens] {
      let chosen = best(count)
      if sum(chosen) >= Double(topP) * total { return (chosen, total) }
    }
    return (sorted(scores), total)
  }

  private func sorted(_ scores: UnsafeBufferPointer<Float>) -> [Candidate] {
    scores.indices.map { Candidate(score: scores[$0], row: 0, token: $0) }
      .sorted { ($1.score, $0.token) < ($0.score, $1.token) }
  }
}
