/// A token that may come next in some row.
struct Candidate: Sendable {
  /// The row's score and the logarithm of the token's probability.
  var score: Float
  var row: Int
  var token: Int
}

/// The best few of very many candidates, without sorting the rest.
struct BestCandidates {
  private let count: Int
  /// Best first; of equals, the one that came first.
  private(set) var candidates: [Candidate] = []

  init(_ count: Int) {
    self.count = count
    candidates.reserveCapacity(count + 1)
  }

  /// What a score has to exceed.
  private var threshold: Float { candidates.count < count ? -.infinity : candidates[count - 1].score }

  /// Looks at all tokens of a row that has the score `score`. Rows come in ascending order.
  mutating func add(row: Int, score: Float, _ logProbabilities: UnsafeBufferPointer<Float>) {
    guard score > -.infinity else { return }
    let block = 64
    var start = 0
    while start < logProbabilities.count {
      let end = min(start + block, logProbabilities.count)
      // Most blocks hold nothing that is good enough.
      if largest(logProbabilities, start, end) + score > threshold {
        for token in start..<end where logProbabilities[token] + score > threshold {
          insert(Candidate(score: logProbabilities[token] + score, row: row, token: token))
        }
      }
      start = end
    }
  }

  private func largest(_ values: UnsafeBufferPointer<Float>, _ start: Int, _ end: Int) -> Float {
    guard let base = values.baseAddress, end - start == 64 else { return values[start..<end].max() ?? -.infinity }
    let lanes = UnsafeRawPointer(base + start)
    func load(_ index: Int) -> SIMD16<Float> { lanes.loadUnaligned(fromByteOffset: index * 64, as: SIMD16<Float>.self) }
    return pointwiseMax(pointwiseMax(load(0), load(1)), pointwiseMax(load(2), load(3))).max()
  }

  private mutating func insert(_ candidate: Candidate) {
    var place = candidates.count
    while place > 0, candidates[place - 1].score < candidate.score { place -= 1 }
    candidates.insert(candidate, at: place)
    if candidates.count > count { candidates.removeLast() }
  }
}
