import Synchronization

/// The last few texts that a model read or wrote, with what it computed for them: a text that begins with the same tokens
/// costs only what is new.
final class KeptSessions: Sendable {
  private static let most = 4

  /// The memory of all.
  private let limit: Int
  /// The one that was used last comes last.
  private let kept = Mutex<[Kept]>([])

  /// A session that nobody else has.
  private struct Kept: @unchecked Sendable {
    let session: GenerationSession
  }

  init(limit: Int) { self.limit = limit }

  /// A session for a text of `tokens` that knows as many of them as possible, but not the last: that tells what comes next.
  /// The caller has it alone, until `keep` gives it back.
  func take(for tokens: [Int]) throws -> GenerationSession? {
    try kept.withLock { kept -> Kept? in
      let known = kept.map { kept in
        zip(kept.session.tokens, tokens.dropLast()).prefix { $0 == $1 }.count
      }
      guard let place = known.indices.max(by: { known[$0] < known[$1] }), known[place] > 0 else { return nil }
      let session = kept[place].session
      // What has another beginning in common only stays for who goes on with it.
      guard known[place] * 2 >= session.tokens.count else {
        return Kept(session: try GenerationSession(session, first: known[place]))
      }
      session.removeLast(session.tokens.count - known[place])
      return kept.remove(at: place)
    }?.session
  }

  /// Keeps `session`, whose only row is a text, and drops the oldest where there is no more room.
  func keep(_ session: GenerationSession) {
    guard !session.tokens.isEmpty, session.cacheByteCount <= limit else { return }
    let added = Kept(session: session)
    kept.withLock { kept in
      kept.append(added)
      while kept.count > Self.most || kept.reduce(0, { $0 + $1.session.cacheByteCount }) > limit { kept.removeFirst() }
    }
  }
}
