/// Chooses the tokens of one text: what is the most probable, or what is drawn, after bias and penalties, of those that fit
/// the text's form.
final class TokenChooser {
  /// A token that was chosen, with what the model thought of it before anything was done to that.
  struct Choice {
    var token: Int
    var logProbability: Float
    /// Those that were the most probable, best first.
    var best: [Candidate]
  }

  private var sampler: Sampler?
  private var penalties: TokenPenalties?
  private var form: TextForm?
  private let bias: [Int: Float]
  /// Of how many tokens probabilities are told; `nil` for none at all.
  private let alternatives: Int?
  /// One for each token that was chosen, where they are told.
  private(set) var choices: [Choice] = []

  /// - Parameters:
  ///   - row: Texts of one call draw different numbers, each the same whatever the others are.
  ///   - beginning: What the text goes on from, which penalties look at.
  init(
    _ options: GenerationOptions, _ settings: GenerationSettings, row: Int, after beginning: [Int], form: TextForm?
  ) {
    self.form = form
    sampler = settings.temperature > 0 ? Sampler(settings, seed: options.seed, row: row) : nil
    penalties = TokenPenalties(options, settings, after: beginning)
    (bias, alternatives) = (options.logitBias, options.logProbabilities)
  }

  /// Whether each token's probability is told.
  var tellsProbabilities: Bool { alternatives != nil }

  /// Whether the text has its form, and nothing may follow.
  var isDone: Bool { form.map { !$0.canGoOn } ?? false }

  /// The next token.
  ///
  /// - Parameter logProbabilities: Needed where `tellsProbabilities`.
  /// - Throws: `ZooError` where no token fits the text's form.
  func next(_ logits: UnsafeBufferPointer<Float>, logProbabilities: UnsafeBufferPointer<Float>?) throws -> Int {
    let token: Int
    if bias.isEmpty, penalties == nil, form == nil {
      token = choose(logits)
    } else {
      var scores = Array(logits)
      for (token, bias) in bias where scores.indices.contains(token) { scores[token] += bias }
      penalties?.apply(to: &scores)
      if let form { scores = try form.fitting(scores, one: sampler == nil) }
      token = scores.withUnsafeBufferPointer(choose)
    }
    penalties?.add(token)
    try form?.append(token)
    if let alternatives, let logProbabilities {
      var best = BestCandidates(max(1, alternatives))
      best.add(row: 0, score: 0, logProbabilities)
      choices.append(
        Choice(
          token: token, logProbability: logProbabilities[token], best: Array(best.candidates.prefix(alternatives))))
    }
    return token
  }

  private func choose(_ scores: UnsafeBufferPointer<Float>) -> Int {
    if sampler != nil { return sampler?.next(scores) ?? 0 }
    var best = BestCandidates(1)
    best.add(row: 0, score: 0, scores)
    return best.candidates.first?.token ?? 0
  }
}

/// How tokens that were there already become less probable.
struct TokenPenalties {
  private let repetition, presence, frequency: Float
  private let window: Int
  /// The last tokens, and how often each is among them.
  private var tokens: ArraySlice<Int> = []
  private var counts: [Int: Int] = [:]

  /// `nil` where there are none.
  init?(_ options: GenerationOptions, _ settings: GenerationSettings, after beginning: [Int]) {
    repetition = settings.repetitionPenalty ?? 1
    (presence, frequency) = (options.presencePenalty ?? 0, options.frequencyPenalty ?? 0)
    window = settings.penaltyWindow ?? .max
    guard repetition != 1 || presence != 0 || frequency != 0 else { return nil }
    for token in beginning.suffix(window) { add(token) }
  }

  mutating func add(_ token: Int) {
    tokens.append(token)
    counts[token, default: 0] += 1
    guard tokens.count > window, let first = tokens.popFirst() else { return }
    counts[first] = counts[first].flatMap { $0 > 1 ? $0 - 1 : nil }
  }

  func apply(to logits: inout [Float]) {
    for (token, count) in counts where logits.indices.contains(token) {
      var logit = logits[token]
      if repetition != 1 { logit = logit < 0 ? logit * repetition : logit / repetition }
      logits[token] = logit - Float(count) * frequency - presence
    }
  }
}

/// Chooses the texts of a session token by token, each row by its own chooser.
struct ChosenSearch {
  let endTokens: Set<Int>
  /// One for each text.
  let choosers: [TokenChooser]

  /// - Parameters, result: as `BeamSearch.run`.
  func run(
    _ session: GenerationSession, beginning: [[Int]], limits: [Int],
    progress: GenerationProgress?
  ) throws -> [[Int]] {
    var results = [[Int]](repeating: [], count: limits.count)
    var open = limits.indices.filter { limits[$0] > 0 }
    if open.count < limits.count { try session.reorder(open) }
    var next = open.map { beginning[$0] }
    while !open.isEmpty {
      let logits = try session.append(next)
      let isTold = open.contains { choosers[$0].tellsProbabilities }
      let logProbabilities = isTold ? try session.logProbabilities() : nil
      var kept: [Int] = []
      next = []
      for (row, text) in open.enumerated() {
        let places = row * session.vocabulary..<(row + 1) * session.vocabulary
        let token = try choosers[text].next(
          UnsafeBufferPointer(rebasing: logits[places]),
          logProbabilities: logProbabilities.map { UnsafeBufferPointer(rebasing: $0[places]) })
        guard !endTokens.contains(token) else { continue }
        results[text].append(token)
        let isDone = choosers[text].isDone
        let step = try progress?(text, results[text][...]) ?? .goOn
        if step == .endAll { return results }
        guard step == .goOn, !isDone, results[text].count < limits[text] else { continue }
        kept.append(row)
        next.append([token])
      }
      if kept.count < open.count, !kept.isEmpty { try session.reorder(kept) }
      open = kept.map { open[$0] }
    }
    return results
  }
}
