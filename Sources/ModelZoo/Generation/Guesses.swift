import ZooSystem

/// A token, and how much more probable than any other one it is, as a difference of logarithms.
struct Guess {
  var token: Int
  var margin: Float
}

/// Guesses up to `count` tokens that follow `token`, none after an end or after a guess of the margin `doubtful` or less.
///
/// - Parameter logits: Of what comes after a token, of which guesses are the first `vocabulary`.
private func guesses(
  after token: Int, count: Int, vocabulary: Int, endTokens: Set<Int>, doubtful: Float,
  _ logits: (_ token: Int) throws -> UnsafeBufferPointer<Float>
) throws -> [Guess] {
  var guesses: [Guess] = []
  while guesses.count < count, guesses.last.map({ !endTokens.contains($0.token) && $0.margin > doubtful }) ?? true {
    let found = try logits(guesses.last?.token ?? token)
    var best = BestCandidates(2)
    best.add(row: 0, score: 0, UnsafeBufferPointer(rebasing: found.prefix(vocabulary)))
    guard let first = best.candidates.first else { break }
    guesses.append(
      Guess(token: first.token, margin: first.score - (best.candidates.dropFirst().first?.score ?? -.infinity)))
  }
  return guesses
}

extension GenerationSession {
  /// Guesses by the network itself with rounded weights; none at all as long as making these does not pay. The row stays as
  /// it is.
  func guess(after token: Int, count: Int, endTokens: Set<Int>, doubtful: Float) throws -> [Guess] {
    guard count > 0, try canGuess() else { return [] }
    let known = tokens.count
    defer { removeLast(tokens.count - known) }
    return try guesses(
      after: token, count: count, vocabulary: vocabulary, endTokens: endTokens, doubtful: doubtful
    ) { try guessedLogits(after: $0) }
  }
}

/// A smaller model of the same tokens, which guesses for a larger one.
struct DraftModel: Sendable {
  let programs: GenerationPrograms
  let kept: KeptSessions
  let maximumLength: Int
}

/// What a draft model makes of one text.
///
/// Not for more than one thread at a time.
final class DraftText {
  private let model: DraftModel
  private var session: GenerationSession?

  init(_ model: DraftModel) { self.model = model }

  /// Guesses up to `count` tokens that follow `text`; none where that is longer than the draft model takes.
  ///
  /// - Parameter vocabulary: Of the model that checks them.
  func guess(
    after text: [Int], count: Int, vocabulary: Int, endTokens: Set<Int>, doubtful: Float
  ) throws -> [Guess] {
    guard count > 0, let last = text.last, text.count + count <= model.maximumLength,
      text.allSatisfy({ $0 < model.programs.graphs.vocabulary })
    else { return [] }
    let session = try session(for: text)
    try session.reserve(text.count + count)
    while text.count - session.tokens.count > 1 {
      let unread = text[session.tokens.count...].dropLast()
      _ = try session.append([Array(unread.prefix(TextStream.pieceCount))])
    }
    return try guesses(after: last, count: count, vocabulary: vocabulary, endTokens: endTokens, doubtful: doubtful) {
      try session.append([[$0]])
    }
  }

  /// One that knows as much as possible of `text` but its last token, and nothing else.
  private func session(for text: [Int]) throws -> GenerationSession {
    let session =
      try session ?? model.kept.take(for: text)
      ?? GenerationSession(model.programs, rows: 1, limit: model.maximumLength)
    self.session = session
    let common = zip(session.tokens, text.dropLast()).prefix { $0 == $1 }.count
    session.removeLast(session.tokens.count - common)
    return session
  }

  /// Keeps what was computed for a text that goes on from this one.
  func keep() {
    if let session { model.kept.keep(session) }
    session = nil
  }
}
