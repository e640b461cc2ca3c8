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
    var start = 0
    while start < logProbabilities.count {
      let end = min(start + Self.block, logProbabilities.count)
      // Most blocks hold nothing that is good enough.
      if holdsMore(logProbabilities, start, end, score: score) {
        for token in start..<end where logProbabilities[token] + score > threshold {
          insert(Candidate(score: logProbabilities[token] + score, row: row, token: token))
        }
      }
      start = end
    }
  }

  private static let block = 64

  /// Whether any token from `start` until `end` exceeds the threshold; whole blocks are looked at without a branch.
  private func holdsMore(_ values: UnsafeBufferPointer<Float>, _ start: Int, _ end: Int, score: Float) -> Bool {
    guard let base = values.baseAddress, end - start == Self.block else { return true }
    let lanes = UnsafeRawPointer(base + start)
    func exceeds(_ index: Int) -> SIMDMask<SIMD16<Int32>> {
      lanes.loadUnaligned(fromByteOffset: index * 64, as: SIMD16<Float>.self) + score .> threshold
    }
    return any((exceeds(0) .| exceeds(1)) .| (exceeds(2) .| exceeds(3)))
  }

  private mutating func insert(_ candidate: Candidate) {
    var place = candidates.count
    while place > 0, candidates[place - 1].score < candidate.score { place -= 1 }
    candidates.insert(candidate, at: place)
    if candidates.count > count { candidates.removeLast() }
  }
}
