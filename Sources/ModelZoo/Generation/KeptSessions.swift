import Synchronization

/// The last few texts that a model read or wrote, with what it computed for them: a text that begins with the same tokens
/// costs only what is new.
final class KeptSessions: Sendable {
  private static let most = 16

  /// The memory of all.
  private let limit: Int
  /// The one that was used last comes last.
  private let kept = Mutex<[Kept]>([])

  /// A session that nobody changes while it is here.
  private struct Kept: @unchecked Sendable {
    let session: GenerationSession
    /// How many are copying from it.
    var readers = 0
  }

  init(limit: Int) { self.limit = limit }

  /// A session for a text of `tokens` that knows as many of them as possible, but not the last: that tells what comes next.
  /// The caller has it alone, until `keep` gives it back.
  func take(for tokens: [Int]) throws -> GenerationSession? {
    let found = kept.withLock { kept -> (kept: Kept, count: Int, isTaken: Bool)? in
      let known = kept.map { kept in
        zip(kept.session.tokens, tokens.dropLast()).prefix { $0 == $1 }.count
      }
      guard let place = known.indices.max(by: { known[$0] < known[$1] }), known[place] > 0 else { return nil }
      // What has another beginning in common only stays for who goes on with it.
      if kept[place].readers == 0, known[place] * 2 >= kept[place].session.tokens.count {
        return (kept.remove(at: place), known[place], true)
      }
      kept[place].readers += 1
      return (kept[place], known[place], false)
    }
    guard let (found, count, isTaken) = found else { return nil }
    let session = found.session
    if isTaken {
      session.removeLast(session.tokens.count - count)
      return session
    }
    defer {
      kept.withLock { kept in
        if let place = kept.firstIndex(where: { $0.session === session }) { kept[place].readers -= 1 }
      }
    }
    return try GenerationSession(session, beginning: Array(tokens.prefix(count)))
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
