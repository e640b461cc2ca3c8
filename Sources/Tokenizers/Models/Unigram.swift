import JSON
import ZooCore

/// The most probable way to make a piece of tokens whose probabilities are independent (Kudo 2018).
struct Unigram: TokenModel {
  let vocabulary: Vocabulary
  private let trie: ScalarTrie
  /// Logarithms of probabilities, by id.
  private let scores: [Double]
  private let unknown: Int32?
  private let unknownScore: Double
  /// The tokens of bytes, of which unknown characters are made; empty if they aren't.
  private let bytes: [Int32?]

  /// How much less probable than the rarest token an unknown character is.
  private static let unknownPenalty = 10.0

  init(_ metadata: TokenizerMetadata) throws {
    vocabulary = Vocabulary(metadata.tokens)
    var trie = ScalarTrie()
    var scores = [Double](repeating: 0, count: metadata.tokens.count)
    var least = Double.infinity
    for (id, token) in metadata.tokens.enumerated() where !token.isEmpty {
      let kind = metadata.kind(of: id)
      let score = metadata.scores.isEmpty ? 0 : Double(metadata.scores[id])
      guard score.isFinite else { throw ZooError(.badData, "a score is no number", at: "scores") }
      if kind == .normal { least = min(least, score) }
      guard kind == .normal || kind == .userDefined || kind == .unused else { continue }
      trie.insert(token.unicodeScalars, Int32(id))
      // Tokens that somebody added are always better.
      scores[id] = kind == .userDefined ? 0 : score
    }
    unknown = Int32(metadata.ids["unknown"] ?? 2)
    if metadata.tokens.count <= unknown ?? 0 { throw ZooError(.badData, "there is no unknown token", at: "tokens") }
    unknownScore = (least.isFinite ? least : 0) - Self.unknownPenalty
    bytes = []
    self.trie = trie
    self.scores = scores
  }

  init(_ settings: Settings) throws {
    var vocabulary = Vocabulary()
    var trie = ScalarTrie()
    var scores: [Double] = []
    for (index, item) in try settings.list("vocab").enumerated() {
      guard let pair = item.list, pair.count == 2, let text = pair[0].text, let score = pair[1].number,
        let id = Int32(exactly: index)
      else { throw settings.missing("vocab[\(index)]", "a token with its score") }
      vocabulary.insert(text, id)
      if !text.isEmpty { trie.insert(text.unicodeScalars, id) }
      scores.append(score)
    }
    unknown = try settings.value("unk_id").map { _ in try settings.id("unk_id") }
    if let unknown, Int(unknown) >= scores.count { throw settings.missing("unk_id", "the id of a token") }
    unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
    let fallsBack = try settings.bool("byte_fallback", default: false)
    bytes = fallsBack ? (0...255).map { vocabulary.id(of: ByteFallbackDecoder.token(of: $0)) } : []
    self.vocabulary = vocabulary
    self.trie = trie
    self.scores = scores
  }

  func tokenize(_ piece: ArraySlice<Unicode.Scalar>, into ids: inout [Int32], _ budget: Budget) throws {
    let start = piece.startIndex
    // The best way to each place: its score, where its last token begins, and that token; `nil` for an unknown one.
    var best = [(score: Double, from: Int, id: Int32?)?](repeating: nil, count: piece.count + 1)
    best[0] = (0, -1, nil)
    for place in 0..<piece.count {
      guard let here = best[place] else { continue }
      func offer(_ end: Int, _ score: Double, _ id: Int32?) {
        if let found = best[end], found.score >= here.score + score { return }
        best[end] = (here.score + score, place, id)
      }
      var hasSingle = false
      var node = ScalarTrie.root
      var end = place
      while end < piece.count {
        guard let next = trie.child(of: node, piece[start + end]) else { break }
        node = next
        if let id = trie.value(at: node) {
          offer(end + 1, scores[Int(id)], id)
          hasSingle = hasSingle || end == place
        }
        end += 1
      }
      try budget.spend(end - place + 1)
      if !hasSingle { offer(place + 1, unknownScore, nil) }
    }

    var tokens: [(range: Range<Int>, id: Int32?)] = []
    var end = piece.count
    while end > 0, let step = best[end] {
      // Neighbouring unknown characters are one token.
      if step.id == nil, let last = tokens.last, last.id == nil {
        tokens[tokens.count - 1].range = step.from..<last.range.upperBound
      } else {
        tokens.append((step.from..<end, step.id))
      }
      end = step.from
    }
    for token in tokens.reversed() {
      if let id = token.id {
        ids.append(id)
        continue
      }
      let text = piece[start + token.range.lowerBound..<start + token.range.upperBound]
      let pieces = bytes.isEmpty ? [nil] : text.utf8.map { bytes[Int($0)] }
      if pieces.contains(nil) {
        guard let unknown else {
          throw ZooError(.badData, "the text has characters for which the tokenizer has no token", at: "unk_id")
        }
        ids.append(unknown)
      } else {
        ids += pieces.compactMap { $0 }
      }
    }
  }
}
