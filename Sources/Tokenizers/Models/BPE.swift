import JSON
import ZooCore

/// Byte-pair encoding (Sennrich et al. 2016): characters are joined pair by pair, the earliest merge first.
struct BPE: TokenModel {
  private struct Merge {
    let rank: Int32
    let result: Int32
  }

  let vocabulary: Vocabulary
  /// By the pair's ids.
  private let merges: [UInt64: Merge]
  private let unknown: Int32?
  /// Whether neighbouring unknown characters are one token.
  private let fusesUnknown: Bool
  /// The tokens of bytes, of which characters without a token are made; empty if they aren't.
  private let bytes: [Int32?]
  /// What the tokens of a word but its first begin with.
  private let prefix: String
  /// What the last token of a word ends with.
  private let suffix: String
  /// Whether a piece that is a token needs no merges.
  private let takesWholePieces: Bool
  /// By character, where tokens neither begin nor end specially.
  private let characters: [UInt32: Int32]

  init(_ settings: Settings) throws {
    let vocabulary = try Vocabulary(settings, "vocab")
    if let dropout = settings.value("dropout")?.number, dropout > 0 {
      throw ZooError(
        .unsupported, "the tokenizer drops merges at random", at: settings.path,
        advice: "set dropout to null, as it should be outside of training")
    }
    prefix = try settings.optionalText("continuing_subword_prefix") ?? ""
    suffix = try settings.optionalText("end_of_word_suffix") ?? ""
    fusesUnknown = try settings.bool("fuse_unk", default: false)
    takesWholePieces = try settings.bool("ignore_merges", default: false)
    let fallsBack = try settings.bool("byte_fallback", default: false)
    bytes = fallsBack ? (0...255).map { vocabulary.id(of: ByteFallbackDecoder.token(of: $0)) } : []
    unknown = try settings.optionalText("unk_token").map {
      try vocabulary.requiredID(of: $0, for: "unknown token", settings)
    }
    merges = try Self.merges(settings, vocabulary, prefix: prefix)
    characters = Self.characters(of: vocabulary)
    self.vocabulary = vocabulary
  }

  /// - Parameter fallsBack: Whether characters without a token are made of tokens for bytes.
  init(_ metadata: TokenizerMetadata, takesWholePieces: Bool, fallsBack: Bool = false) throws {
    let vocabulary = Vocabulary(metadata.tokens)
    let tokens = TokenTable(metadata.tokens)
    (prefix, suffix, fusesUnknown, self.takesWholePieces) = ("", "", false, takesWholePieces)
    bytes = fallsBack ? (0...255).map { vocabulary.id(of: ByteFallbackDecoder.token(of: $0)) } : []
    unknown = nil
    var merges: [UInt64: Merge] = [:]
    merges.reserveCapacity(metadata.merges.count)
    for (rank, merge) in metadata.merges.enumerated() {
      var text = Array(merge.utf8)
      guard let space = text.dropFirst().firstIndex(of: 0x20), let rank = Int32(exactly: rank) else {
        throw ZooError(.badData, "a merge is a pair of tokens", at: "merges[\(rank)]")
      }
      let (left, right) = (tokens.id(of: text[..<space]), tokens.id(of: text[(space + 1)...]))
      text.remove(at: space)
      // A file may have more merges than tokens.
      guard let first = left, let second = right, let result = tokens.id(of: text[...]),
        merges[Self.key(first, second)] == nil
      else { continue }
      merges[Self.key(first, second)] = Merge(rank: rank, result: result)
    }
    self.merges = merges
    characters = Self.characters(of: vocabulary)
    self.vocabulary = vocabulary
  }

  /// The tokens of one character.
  private static func characters(of vocabulary: Vocabulary) -> [UInt32: Int32] {
    var characters: [UInt32: Int32] = [:]
    for token in vocabulary.allTokens {
      let scalars = token.text.unicodeScalars
      if let first = scalars.first, scalars.index(after: scalars.startIndex) == scalars.endIndex {
        characters[first.value] = token.id
      }
    }
    return characters
  }

  /// Merges are `"a b"` or `["a", "b"]`, the earliest first.
  private static func merges(
    _ settings: Settings, _ vocabulary: Vocabulary, prefix: String
  ) throws -> [UInt64: Merge] {
    let list = try settings.list("merges")
    var merges: [UInt64: Merge] = [:]
    merges.reserveCapacity(list.count)
    var rank: Int32 = 0
    for (index, item) in list.enumerated() {
      let place = "\(settings.path).merges[\(index)]"
      let parts: [String]
      if let text = item.text {
        // A comment of older files.
        if text.utf8.starts(with: "#version".utf8) { continue }
        parts = text.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
      } else {
        parts = item.list?.compactMap(\.text) ?? []
      }
      guard parts.count == 2 else { throw ZooError(.badData, "a merge is a pair of tokens", at: place) }
      // The second token's prefix lies within the word.
      let rest = parts[1].unicodeScalars.dropFirst(prefix.unicodeScalars.count)
      let joined = ExactText(Array(parts[0].unicodeScalars) + rest)
      guard let left = vocabulary.id(of: parts[0]), let right = vocabulary.id(of: parts[1]),
        let result = vocabulary.id(of: joined)
      else { throw ZooError(.badData, "a merge of tokens that are not in the vocabulary", at: place) }
      merges[key(left, right)] = Merge(rank: rank, result: result)
      rank += 1
    }
    return merges
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  func tokenize(_ piece: ArraySlice<Unicode.Scalar>, into ids: inout [Int32], _ budget: Budget) throws {
    try budget.spend(piece.count, times: 1 + prefix.utf8.count)
    try budget.spend(suffix.utf8.count)
    if takesWholePieces, let id = vocabulary.id(of: ExactText(piece)) {
      ids.append(id)
      return
    }
    let symbols = symbols(of: piece)
    if symbols.count < 2 { ids += symbols } else { join(symbols, into: &ids) }
  }

  /// A token for each character, before any is joined.
  private func symbols(of piece: ArraySlice<Unicode.Scalar>) -> [Int32] {
    var symbols: [Int32] = []
    symbols.reserveCapacity(piece.count)
    var waiting: Int32?
    for place in piece.indices {
      if let id = id(of: piece, at: place) {
        if let unknown = waiting { symbols.append(unknown) }
        waiting = nil
        symbols.append(id)
        continue
      }
      if !bytes.isEmpty {
        let ids = character(piece, at: place).utf8.map { bytes[Int($0)] }
        if !ids.contains(nil) {
          symbols += ids.compactMap { $0 }
          continue
        }
      }
      // Without a token for what is unknown, it is left out.
      if let waiting, !fusesUnknown { symbols.append(waiting) }
      waiting = unknown
    }
    if let waiting { symbols.append(waiting) }
    return symbols
  }

  private func id(of piece: ArraySlice<Unicode.Scalar>, at place: Int) -> Int32? {
    if prefix.isEmpty, suffix.isEmpty { return characters[piece[place].value] }
    return vocabulary.id(of: ExactText(character(piece, at: place)))
  }

  /// The character with what its place in the word puts before and behind it.
  private func character(_ piece: ArraySlice<Unicode.Scalar>, at place: Int) -> [Unicode.Scalar] {
    var character = [piece[place]]
    if place > piece.startIndex { character.insert(contentsOf: prefix.unicodeScalars, at: 0) }
    if place == piece.endIndex - 1 { character += suffix.unicodeScalars }
    return character
  }

  /// Joins pairs, the one of the earliest merge first and among equals the leftmost, until no merge fits. Takes time in
  /// proportion to n log n.
  private func join(_ symbols: [Int32], into ids: inout [Int32]) {
    var symbols = symbols
    let count = symbols.count
    // A list of the symbols that are left: each one's neighbours, `count` and −1 at the ends.
    var next = Array(1...count)
    var previous = Array(-1..<count - 1)
    var queue = MergeQueue()
    func offer(_ place: Int) {
      let other = next[place]
      if other < count, let merge = merges[Self.key(symbols[place], symbols[other])] {
        queue.insert(.init(rank: merge.rank, place: Int32(place), result: merge.result))
      }
    }
    for place in 0..<count - 1 { offer(place) }
    while let merge = queue.removeFirst() {
      let place = Int(merge.place)
      let other = next[place]
      // The pair may have been joined with others since it was seen.
      guard symbols[place] >= 0, other < count,
        merges[Self.key(symbols[place], symbols[other])]?.result == merge.result
      else { continue }
      symbols[place] = merge.result
      symbols[other] = -1
      next[place] = next[other]
      if next[other] < count { previous[next[other]] = place }
      if previous[place] >= 0 { offer(previous[place]) }
      offer(place)
    }
    for symbol in symbols where symbol >= 0 { ids.append(symbol) }
  }
}
