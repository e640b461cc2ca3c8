import ZooSystem

/// A text that grows token by token, by itself or as a row among others (`StreamBatch`).
final class TextStream {
  /// What came of a text: its tokens, and how many of those before it were known already.
  struct Grown {
    var tokens: ArraySlice<Int>
    var reusedCount: Int
  }

  /// What it is to become.
  struct Request {
    var beginning: [Int]
    /// The most tokens behind it, at least one; an end token is counted.
    var limit: Int
    var endTokens: Set<Int>
    /// `nil` for the most probable tokens.
    var chooser: TokenChooser?
    /// Whether those may be guessed by the network itself.
    var guesses = true
    /// What guesses tokens of either kind.
    var draft: DraftModel?
    /// Whether earlier texts are used, and this one is kept for later ones.
    var reusesPrompt = true
    /// What ends it; `nil` for what ends all of the thread's runs.
    var control: RunControl?
    /// Is told all tokens behind the beginning each time that there are more.
    var progress: ((ArraySlice<Int>) throws -> GenerationStep)?
    /// Is told once.
    var done: (Result<Grown, any Error>) -> Void
  }

  private let request: Request
  private var steps: GuessedSteps
  private let draft: DraftText?
  private var reusedCount = 0
  /// The beginning, and what was generated.
  private(set) var tokens: [Int]
  /// Whether nothing may follow.
  private(set) var isEnded = false
  private(set) var isTold = false
  /// Its own caches; `nil` where it is a row among others, which then know all tokens but the last.
  var session: GenerationSession?

  /// So many tokens of a beginning are read at once, whoever else is there: then a text does not depend on others.
  static let pieceCount = 256

  init(_ request: Request) {
    self.request = request
    tokens = request.beginning
    draft = request.draft.map(DraftText.init)
    // What is drawn is guessed by a draft model alone: who gives one wants that.
    steps = GuessedSteps(
      endTokens: request.endTokens, guesses: request.guesses && request.chooser == nil, draft: draft)
  }

  var isGreedy: Bool { request.chooser == nil }
  var tellsProbabilities: Bool { request.chooser?.tellsProbabilities ?? false }
  /// Whether later texts may use what it knows.
  var isKept: Bool { request.reusesPrompt }
  /// Whether its next step takes more than one token.
  var isReading: Bool { session.map { tokens.count - $0.tokens.count > 1 } ?? false }
  private var generated: ArraySlice<Int> { tokens[request.beginning.count...] }

  /// Gives it caches, those of an earlier text with the same beginning where there are any.
  func open(_ programs: GenerationPrograms, _ kept: KeptSessions, limit: Int) throws {
    let known = request.reusesPrompt ? try kept.take(for: tokens) : nil
    session = known ?? GenerationSession(programs, rows: 1, limit: limit)
    reusedCount = known?.tokens.count ?? 0
  }

  /// - Throws: what ends it.
  func check() throws { try request.control?.check() }

  /// A piece of its beginning, or the next token or tokens, by itself.
  func step() throws {
    guard let session else { throw ZooError(.defect, "a row among others steps with these") }
    guard let control = request.control else { return try step(session) }
    try RunControl.$current.withValue(control) { try step(session) }
  }

  private func step(_ session: GenerationSession) throws {
    try session.reserve(tokens.count)
    let unread = tokens[session.tokens.count...]
    let piece = Array(unread.prefix(Self.pieceCount))
    guard piece.count == unread.count else {
      // By what tells the rest: logits and tokens are told by programs that have weights of their own.
      if isGreedy { _ = try session.choose(after: [piece]) } else { _ = try session.append([piece]) }
      return
    }
    if !isGreedy { return try chooseNext(session, after: piece) }
    try accept(steps.next(session, after: piece, limit: request.limit - generated.count))
  }

  /// The next token of the text's chooser, and those after it as far as they were guessed.
  private func chooseNext(_ session: GenerationSession, after piece: [Int]) throws {
    let guesses = try steps.guess(session, after: piece, limit: request.limit - generated.count)
    let logits =
      guesses.isEmpty
      ? try session.append([piece]) : try session.logits(afterEachOf: piece + guesses.map(\.token))
    let logProbabilities = tellsProbabilities ? try session.logProbabilities() : nil
    let width = session.vocabulary
    var chosen: [Int] = []
    for place in 0...guesses.count {
      let places = place * width..<(place + 1) * width
      let token = try choose(
        UnsafeBufferPointer(rebasing: logits[places]),
        logProbabilities.map { UnsafeBufferPointer(rebasing: $0[places]) })
      chosen.append(token)
      try accept([token])
      if isEnded || place == guesses.count || token != guesses[place].token { break }
    }
    steps.settle(session, guesses, chosen: chosen)
  }

  /// The next token.
  func choose(_ logits: UnsafeBufferPointer<Float>, _ logProbabilities: UnsafeBufferPointer<Float>?) throws -> Int {
    if let chooser = request.chooser { return try chooser.next(logits, logProbabilities: logProbabilities) }
    var best = BestCandidates(1)
    best.add(row: 0, score: 0, logits)
    return best.candidates.first?.token ?? 0
  }

  /// Appends what was chosen, as far as the text goes.
  func accept(_ chosen: [Int]) throws {
    for token in chosen where !isEnded {
      if request.endTokens.contains(token) {
        isEnded = true
      } else {
        tokens.append(token)
        let step = try request.progress?(generated) ?? .goOn
        isEnded = step != .goOn || request.chooser?.isDone ?? false || generated.count >= request.limit
      }
    }
  }

  /// Tells what came of it.
  func finish(_ error: (any Error)? = nil) {
    (isEnded, isTold) = (true, true)
    if isKept { draft?.keep() }
    request.done(error.map { .failure($0) } ?? .success(Grown(tokens: generated, reusedCount: reusedCount)))
  }
}
